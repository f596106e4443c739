"""Turns, the supervisor's part: which tasks take them, and where memory is shared with others.

The agent's part is ``agent/turns.c``: of the threads that share a memory one at a time runs program
code, in the order of the leader's. A memory's tasks begin to take turns when it gets its second
task; until then nothing is counted. A child of vfork does not: its parent stands still meanwhile,
in its turn. Processes that share memory join one domain of turns, in the arena: their agents do it
themselves, before they could see what another stores. What the supervisor does there when a task
leaves it is in domain.py.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from mvx.layout import DOMAIN_OFFSET, FUTEXES_OFFSET, INSTRUCTIONS, SHARED_RANGES
from mvx.records import DOMAIN, FUTEXES

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.monitor import Monitor
    from mvx.tasks import AddressSpace, Task

_WANTED: Final = 1 << 31
"""In the word that says whose turn it is: somebody waits."""
_START: Final = list(INSTRUCTIONS).index("START")


class Turns:
    """What the supervisor knows of an address space's turns."""

    def __init__(self) -> None:
        """One task, no memory shared with other processes."""
        self._active = False
        self._shared: list[tuple[int, int]] = []
        self.joined = False
        """Its turns are those of the arena's domain."""

    def copy(self) -> Turns:
        """The state for a forked child: alone in its memory, which it shares as its parent does."""
        new = Turns()
        new._shared = list(self._shared)
        new.joined = self.joined
        return new

    def begin(self, space: AddressSpace, first: Task) -> bool:
        """A second task comes: the first one has the turn. False when they take turns already."""
        if self._active or self.joined:
            return False
        self._active = True
        _write(space, "turn", struct.pack("<QI", 1, first.set.lane + 1))
        return True

    def inherited(self, space: AddressSpace) -> None:
        """A forked child: the threads of its parent, whose state it has inherited, are not here."""
        content = bytearray(DOMAIN.size)
        struct.pack_into("<I", content, DOMAIN.offset("joined"), self.joined)
        _write(space, "turn", bytes(content))
        space.memory.write(space.base + FUTEXES_OFFSET, bytes(FUTEXES.offset("shared")))

    @staticmethod
    def holder(space: AddressSpace) -> int:
        """The lane of the leader's task that has the turn, -1 if nobody has it."""
        place = space.base + DOMAIN_OFFSET + DOMAIN.offset("state")
        return lane_of(int.from_bytes(space.memory.read(place, 4), "little"))

    def share(self, space: AddressSpace, start: int, end: int) -> None:
        """Memory that other processes may share: its futexes are the kernel's.

        When there are too many ranges, one that covers the last ones stands for them.
        """
        if len(self._shared) == SHARED_RANGES:
            last_start, last_end = self._shared.pop()
            start, end = min(start, last_start), max(end, last_end)
        self._shared.append((start, end))
        words = [word for pair in self._shared for word in pair]
        place = space.base + FUTEXES_OFFSET
        content = struct.pack(f"<{len(words)}Q", *words)
        space.memory.write(place + FUTEXES.offset("ranges"), content)
        count = struct.pack("<I", len(self._shared))
        space.memory.write(place + FUTEXES.offset("shared"), count)


def _write(space: AddressSpace, field: str, content: bytes) -> None:
    space.memory.write(space.base + DOMAIN_OFFSET + DOMAIN.offset(field), content)


def lane_of(state: int) -> int:
    """Whose lane a domain's word names: it has the turn; -1 if nobody has it."""
    return (state & ~_WANTED) - 1


def begin(monitor: Monitor, parent: Task) -> None:
    """A task that shares its memory is born: from here on its parent takes turns, too."""
    assert parent.space is not None
    if parent.space.turns.begin(parent.space, parent):
        parent.turns = True
        monitor.write_field(parent, "turns", 1)


def joined(task: Task) -> None:
    """A task says that its process takes its turns with others from here on."""
    if task.space is not None:
        task.turns = task.space.turns.joined = True


def first(monitor: Monitor, child: Task, start: Registers) -> dict[str, int]:
    """Make a new task wait for its first turn before it goes to where `start` says; returns the
    fields of its struct task that say so.
    """
    fields = {"return_address": start.rip, "instruction": _START}
    start.rip = child.variant.base + monitor.image.offsets["enter_instruction"]
    return fields
