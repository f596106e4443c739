"""What is known of an address space for `--threads ordered`; nothing otherwise.

What works on it (ordering.py, atomicsites.py) is loaded only where that is asked for.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(eq=False)
class AtomicSites:
    """The atomic instructions of an address space that lead to the agent; fork copies them."""

    count: int = 0
    pages: dict[int, bytearray] = dataclasses.field(default_factory=dict)
    """Pages of trampolines: which of their bytes are in use."""
    traps: dict[int, int] = dataclasses.field(default_factory=dict)
    """Breakpoints: the index of the instruction."""
    areas: set[int] = dataclasses.field(default_factory=set)
    """Starts of the code that was looked at."""
    left: int = 0
    """Instructions that could not be led to the agent."""

    def copy(self) -> AtomicSites:
        """The same for a forked child."""
        pages = {page: bytearray(taken) for page, taken in self.pages.items()}
        return AtomicSites(self.count, pages, dict(self.traps), set(self.areas), self.left)


@dataclasses.dataclass(eq=False)
class SpaceOrder:
    """What is known of an address space: whether its threads can run in parallel, and do."""

    is_hooked: bool = False
    is_parallel: bool = False
    stubs: range = range(0)
    """What the program calls instead of hooked functions."""
    own: frozenset[int] = frozenset()
    """Starts of the code of C library and dynamic linker, which do what they do unordered."""
    atomics: AtomicSites = dataclasses.field(default_factory=AtomicSites)

    def copy(self) -> SpaceOrder:
        """The state for a forked child, whose threads are gone."""
        return dataclasses.replace(self, is_parallel=False, atomics=self.atomics.copy())
