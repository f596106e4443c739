"""Pages for trampolines: a stopped task is made to map them, and put back to where it was.

The agent does it (agent/pages.c), so that any number of pages costs one stop. Signals are blocked
meanwhile (PTRACE_SETSIGMASK; ptrace(2), Linux 3.11), so that none has to be kept for later.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from mvx import kernel
from mvx.kernel import MASK, Registers, TaskGoneError
from mvx.layout import PAGES_MAX, TASK_SLOT_SIZE

if TYPE_CHECKING:
    from mvx.tasks import Task

_LIST: Final = 0x1000
"""Where in a task slot the list of pages lies: past struct task, far below the agent's stack."""
_BELOW: Final = 512
"""So far below its stack pointer a task in the agent has nothing (the agent uses no red zone)."""
_DIRECTION: Final = 0x400
"""The flag that C code expects to be clear."""


def map_pages(
    task: Task, offsets: dict[str, int], pages: Collection[int], current: Registers
) -> set[int]:
    """Let a stopped task map empty executable pages where nothing is mapped; return those that
    could be.

    `current` are its registers, which it has again afterwards; a call that it was about to make, or
    has just made, is not made (again). Raises TaskGoneError when the task dies meanwhile.
    """
    assert task.space is not None
    assert len(pages) <= PAGES_MAX
    place = task.slot_address + _LIST
    task.space.memory.write(place, struct.pack(f"<{len(pages)}Q", *pages))
    call = Registers.from_buffer_copy(current)
    in_agent = task.space.contains(current.rsp)
    call.rsp = (current.rsp - _BELOW if in_agent else task.slot_address + TASK_SLOT_SIZE) & -16
    call.rip = task.variant.base + offsets["map_pages"]
    call.rdi, call.rsi = place, len(pages)
    call.eflags &= ~_DIRECTION
    call.orig_rax = MASK
    signals = kernel.signal_mask(task.tid)
    kernel.set_signal_mask(task.tid, MASK)
    kernel.set_registers(task.tid, call)
    _run(task, task.variant.base + offsets["gate_control"])
    content = task.space.memory.read(place, 8 * len(pages))
    current.orig_rax = MASK
    kernel.set_registers(task.tid, current)
    kernel.set_signal_mask(task.tid, signals)
    return set(struct.unpack(f"<{len(pages)}Q", content)) & set(pages)


def _run(task: Task, gate: int) -> None:
    """Let a task run to the control gate."""
    while True:
        kernel.resume(task.tid)
        _, status = os.waitpid(task.tid, kernel.WALL)
        if not os.WIFSTOPPED(status):
            task.status = status
            raise TaskGoneError(task.tid)
        if status >> 16 == kernel.EVENT_SECCOMP and kernel.registers(task.tid).rip == gate:
            return
