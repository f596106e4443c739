"""What is known of an address space for `--threads ordered`; nothing otherwise.

What works on it (ordering.py, atomicsites.py) is loaded only where that is asked for.
"""

from __future__ import annotations


class AtomicSites:
    """The atomic instructions of an address space that lead to the agent; fork copies them."""

    count: int = 0
    left: int = 0
    """Instructions that could not be led to the agent."""

    def __init__(self) -> None:
        """None is known yet."""
        self.pages: dict[int, bytearray] = {}
        """Pages of trampolines: which of their bytes are in use."""
        self.traps: dict[int, int] = {}
        """Breakpoints: the index of the instruction."""
        self.areas: set[int] = set()
        """Starts of the code that was looked at."""

    def copy(self) -> AtomicSites:
        """The same for a forked child."""
        copied = AtomicSites()
        copied.count, copied.left = self.count, self.left
        copied.pages = {page: bytearray(taken) for page, taken in self.pages.items()}
        copied.traps, copied.areas = dict(self.traps), set(self.areas)
        return copied


class SpaceOrder:
    """What is known of an address space: whether its threads can run in parallel, and do."""

    is_hooked: bool = False
    is_parallel: bool = False
    stubs: range = range(0)
    """What the program calls instead of hooked functions."""
    own: frozenset[int] = frozenset()
    """Starts of the code of C library and dynamic linker, which do what they do unordered."""

    def __init__(self) -> None:
        """Threads run one at a time."""
        self.atomics = AtomicSites()

    def copy(self) -> SpaceOrder:
        """The state for a forked child, whose threads are gone."""
        copied = SpaceOrder()
        copied.is_hooked, copied.stubs, copied.own = self.is_hooked, self.stubs, self.own
        copied.atomics = self.atomics.copy()
        return copied
