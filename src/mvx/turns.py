"""Turns, the supervisor's part: which tasks take them, and where memory is shared with others.

The agent's part is ``agent/turns.c``: of the threads that share a memory one at a time runs program
code, in the order of the leader's. A memory's tasks begin to take turns when it gets its second
task; until then nothing is counted. A child of vfork does not: its parent stands still meanwhile,
in its turn.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from mvx.layout import DOMAIN, DOMAIN_OFFSET, INSTRUCTIONS, SHARED_RANGES

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.monitor import Monitor
    from mvx.tasks import AddressSpace, Task

_TAKEN: Final = 1
_START: Final = list(INSTRUCTIONS).index("START")


class Turns:
    """What the supervisor knows of an address space's turns."""

    def __init__(self) -> None:
        """One task, no memory shared with other processes."""
        self._active = False
        self._slots = 1
        self._shared: list[tuple[int, int]] = []

    def copy(self) -> Turns:
        """The state for a forked child: alone, with the same shared memory."""
        new = Turns()
        new._slots = self._slots
        new._shared = list(self._shared)
        return new

    def begin(self, space: AddressSpace) -> bool:
        """A second task comes: the first one has the turn. False when they take turns already."""
        if self._active:
            return False
        self._active = True
        _write(space, "turn", struct.pack("<QI", 1, _TAKEN))
        return True

    def end(self, space: AddressSpace) -> None:
        """A forked child: the threads of its parent, whose state it has inherited, are not here."""
        content = bytearray(DOMAIN.size)
        struct.pack_into("<I", content, DOMAIN.offset("slots"), self._slots)
        _write(space, "turn", bytes(content))
        self._write_ranges(space)

    def use_slot(self, space: AddressSpace, slot: int) -> None:
        """A task slot comes into use."""
        if slot >= self._slots:
            self._slots = slot + 1
            _write(space, "slots", struct.pack("<I", self._slots))

    def share(self, space: AddressSpace, start: int, end: int) -> None:
        """Memory that other processes may share: its futexes are the kernel's.

        When there are too many ranges, one that covers the last ones stands for them.
        """
        if len(self._shared) == SHARED_RANGES:
            last_start, last_end = self._shared.pop()
            start, end = min(start, last_start), max(end, last_end)
        self._shared.append((start, end))
        self._write_ranges(space)

    def _write_ranges(self, space: AddressSpace) -> None:
        words = [word for pair in self._shared for word in pair]
        _write(space, "ranges", struct.pack(f"<{len(words)}Q", *words))
        _write(space, "shared", struct.pack("<I", len(self._shared)))


def _write(space: AddressSpace, field: str, content: bytes) -> None:
    if content:
        space.memory.write(space.base + DOMAIN_OFFSET + DOMAIN.offset(field), content)


def begin(monitor: Monitor, parent: Task) -> None:
    """A task that shares its memory is born: from here on its parent takes turns, too."""
    assert parent.space is not None
    if parent.space.turns.begin(parent.space):
        parent.turns = True
        monitor.write_field(parent, "turns", 1)


def first(monitor: Monitor, child: Task, start: Registers) -> dict[str, int]:
    """Make a new task wait for its first turn before it goes to where `start` says; returns the
    fields of its struct task that say so.
    """
    fields = {"return_address": start.rip, "instruction": _START}
    start.rip = child.variant.base + monitor.image.offsets["enter_instruction"]
    return fields
