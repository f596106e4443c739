"""The program's entry: the moment at which the loader has done its work.

What only the loader was to see (stack.py) is taken back there, before the program runs: a trap
instruction (hlt, which faults, and leaves rip where it is) lies over the first byte of its code
(AT_ENTRY; a private page, as a debugger does it). What that does to a SIGSEGV that the program was
started with, blocked or ignored, is put back as for other instructions that fault on purpose
(shield.py).
Constructors of libraries have run by then (System V ABI, "Initialization and Termination
Functions"); the program's own have not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from mvx.randomness import HLT
from mvx.records import TASK

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.tasks import AddressSpace, Task

_TRAP: Final = HLT
_FILES_STEP: Final = 32
"""Loaders of different programs map fewer files more or less than that."""


class Entry(NamedTuple):
    """A trap over the program's first instruction, and what to do when it is met."""

    address: int
    covered: bytes
    withdrawn: tuple[tuple[int, bytes], ...]


def arm(space: AddressSpace, address: int, withdrawn: tuple[tuple[int, bytes], ...]) -> None:
    """Put the trap over the entry of an image that has not begun to run."""
    space.entry = Entry(address, space.memory.read(address, 1), withdrawn)
    space.memory.write(address, _TRAP)


def reached(task: Task, current: Registers) -> bool:
    """Whether a task has met that trap, and is about to run the program; it is left stopped."""
    space = task.space
    if space is None or space.entry is None or current.rip != space.entry.address:
        return False
    entry, space.entry = space.entry, None
    space.memory.write(entry.address, entry.covered)
    for address, content in entry.withdrawn:
        space.memory.write(address, content)
    if space.loading:
        space.loading = False
        for slot in space.slots:
            space.memory.write(space.slot_address(slot) + TASK.offset("loading"), bytes(4))
        # The loaders have mapped different files: what follows is counted from one number again.
        space.files_mapped += -space.files_mapped % _FILES_STEP
    return True
