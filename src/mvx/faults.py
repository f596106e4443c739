"""Signals that an instruction caused (SIGSEGV, SIGFPE...): delivered where they are.

One that would end its variant holds it until every variant is in the same state.
"""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Final

from mvx import dispositions, kernel
from mvx.layout import TASK_SLOT_SIZE
from mvx.masks import open_signals
from mvx.records import TASK
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.monitor import Monitor

FAULTS: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGTRAP,
        signal.SIGSYS,
    }
)
_FLAGS: Final[dict[int, int]] = {signal.SIGTRAP: 0x100, signal.SIGBUS: 0x40000}
"""By signal, the program's flag that makes the agent get it: TF and AC."""
_SAVED_FLAGS: Final = 24
"""ss, rsp and eflags: what the agent's frame begins with, from the top of its stack."""
_FATAL_WAIT_S: Final = 2.0
_HANDLERS_KEPT: Final = 16
"""Handlers that were left by a jump are forgotten some day."""


class Faults:
    """Takes the faults of every task."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor

    def arrived(self, task: Task, number: int, current: Registers) -> None:
        """A task is in signal-delivery-stop for a signal that its instruction caused."""
        monitor = self._monitor
        if task.variant.launching or task.space is None:
            kernel.resume(task.tid, number)
            return
        offset = monitor.offset_in_image(task, current.rip)
        offsets = monitor.image.offsets
        flag = _FLAGS.get(number, 0)
        if task.space.contains(current.rip) and current.eflags & flag:
            _hold_back(task, current, flag)
            return
        if offsets["fault_start"] <= offset < offsets["fault_end"]:
            current.rip = task.variant.base + offsets["fault_fixup"]
            kernel.set_registers(task.tid, current)
            kernel.resume(task.tid)
            return
        if task.space.contains(current.rip):
            monitor.diverged("integrity", task, "a fault inside the agent")
            return
        if number == signal.SIGSEGV and monitor.emulate(task, current):
            return
        if dispositions.has_handler(task.tid, number):
            if task.is_leader:
                self._monitor.dying[task.process] = number
            enters_handler(task, number)
            kernel.resume(task.tid, number)
            return
        self.fatal(task, number)

    def fatal(self, task: Task, number: int) -> None:
        """An instruction is about to kill a variant: hold it until every variant is in the same
        state.
        """
        task_set = task.set
        task.state = State.FATAL
        task.fatal = number
        tasks = task_set.tasks.values()
        if len(tasks) == len(self._monitor.live) and all(
            other.state is State.FATAL and other.fatal == number for other in tasks
        ):
            self._monitor.relax(task_set)
            self._monitor.dying[task_set.tasks[0].process] = number
            for other in tasks:
                kernel.resume(other.tid, number)
            return
        name = signal.Signals(number).name
        dying = [other.variant.index for other in tasks if other.state is State.FATAL]
        who = f"variant {dying[0]} alone" if len(dying) == 1 else f"variants {dying} only"
        reason = f"{who} got {name}"
        self._monitor.expect(task_set, _FATAL_WAIT_S, reason, dying)


def steps_to_agent(task: Task) -> bool:
    """Whether a task in a stop for SIGTRAP steps through its own instructions, and through what a
    patched site made of one: for the program that is no step.
    """
    current = kernel.registers(task.tid)
    if task.space is None or not current.eflags & _FLAGS[signal.SIGTRAP]:
        return False
    return task.space.sites.site_of(current.rip) not in (None, current.rip)


def _hold_back(task: Task, current: Registers, flag: int) -> None:
    """A program that steps through its own instructions, or has alignment checked, has come into
    the agent: natively that is one step, in the kernel, which does not keep the flag. Once the
    agent has saved the flags (agent/entry.S) it runs without this one; it gets it back with the
    others when it leaves.
    """
    top = task.slot_address + TASK_SLOT_SIZE
    if task.slot_address <= current.rsp <= top - _SAVED_FLAGS:
        current.eflags &= ~flag
        kernel.set_registers(task.tid, current)
    kernel.resume(task.tid)


def enters_handler(task: Task, number: int) -> None:
    """A stopped task is about to run a handler; the report tells."""
    open_signals(task)
    entered = (number, kernel.stack_pointer(task.tid))
    task.handling = [*handling(task)[-_HANDLERS_KEPT:], entered]


def entered_handlers(task: Task, number: int, stack: int, times: int) -> None:
    """A task has run handlers for one signal one after the other, which found that stack pointer,
    the last time; all but the last have ended.
    """
    task.handling = [*task.handling, *[(number, stack)] * times]
    with contextlib.suppress(OSError):  # its memory may be gone
        running = handling(task)
        if running and running[-1][0] == number:
            running[-1] = (number, stack)
    task.handling = task.handling[-_HANDLERS_KEPT:]


def handling(task: Task) -> list[tuple[int, int]]:
    """The handlers that a stopped task runs, the innermost last; agents end most by themselves."""
    if task.space is not None:
        place = task.slot_address + TASK.offset("returns")
        returned = int.from_bytes(task.space.memory.read(place, 4), "little")
        ended, task.returned = returned - task.returned & 0xFFFFFFFF, returned
        if ended:
            task.handling = task.handling[:-ended]
    return task.handling
