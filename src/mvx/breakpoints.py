"""Running a stopped task to hardware breakpoints, or for a while.

The processor has four addresses per task (Intel SDM 3B, section 18.2); ptrace(2),
PTRACE_POKEUSER of u_debugreg, needs no privilege. One is left for visits that the kernel counts
(visits.py). Other stops of the task are not served here: DepartedError hands them on.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from mvx import kernel, visits
from mvx.kernel import TaskGoneError

if TYPE_CHECKING:
    from mvx.tasks import Task

MOST: Final = 3
"""How many addresses a task can be run to."""
_DEBUG_REGISTERS: Final = 848
"""offsetof(struct user, u_debugreg) in <sys/user.h>, x86-64."""
_CONTROL: Final = _DEBUG_REGISTERS + 8 * 7
_POLLED_S: Final = 0.0001
"""For how long the supervisor looks for a stop before it sleeps."""
_LONG_S: Final = 1.0
_SENT_BY_OTHERS: Final = kernel.MASK & ~sum(
    1 << number - 1
    for number in (
        *(signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP),
        signal.SIGSYS,
    )
)
"""All signals but those that an instruction causes, which end the program when they are blocked."""


class DepartedError(Exception):
    """A task that was run to a point stopped for another reason, which is still to be served."""

    def __init__(self, task: Task, status: int) -> None:
        """`status`: what waitpid(2) told."""
        super().__init__(f"task {task.tid} stopped with status {status:#x}")
        self.task = task
        self.status = status


@contextlib.contextmanager
def signals_blocked(tid: int) -> Iterator[None]:
    """Signals that others send to a stopped task are pending until the end; what its instructions
    cause still comes.
    """
    mask = kernel.signal_mask(tid)
    kernel.set_signal_mask(tid, mask | _SENT_BY_OTHERS)
    try:
        yield
    finally:
        with contextlib.suppress(TaskGoneError):
            kernel.set_signal_mask(tid, mask)


def is_in_agent(task: Task) -> bool:
    """Whether a stopped task has come to a call."""
    return task.space is None or task.space.contains(kernel.registers(task.tid).rip)


def spent_ns(task: Task) -> int:
    """Processor time that a stopped task has had, in nanoseconds."""
    return kernel.processor_time_ns(task.process, task.tid)


def run(task: Task, places: Sequence[int], limit_ns: int, end: float, times: int = 1) -> bool:
    """Run a stopped task until it has come to one of a few addresses that often; False when it had
    not within that much of its processor time, and is stopped elsewhere.
    """
    until = min(end, time.monotonic() + limit_ns / 1e9)
    limit_ns += spent_ns(task)
    counter = visits.watch(task.tid, places[0], times) if times > 1 else None
    if counter is None:
        _set(task.tid, places)
    else:
        times = 1
    try:
        while True:
            kernel.resume(task.tid)
            status = _wait(task, until)
            number, event = status >> 8 & 0xFF, status >> 16
            if number == signal.SIGTRAP and not event and is_breakpoint(task.tid):
                times -= 1
                if times == 0 or not places:
                    return bool(places)
                continue
            if event != kernel.EVENT_STOP or number != signal.SIGTRAP:
                raise DepartedError(task, status)
            if is_in_agent(task):
                return False  # a patched call does not stop it, and it may sleep there
            left_ns = limit_ns - spent_ns(task)
            now = time.monotonic()
            if left_ns <= 0 or now >= end:
                return False
            until = min(end, now + left_ns / 1e9)
    finally:
        if counter is None:
            _set(task.tid, ())
        else:
            os.close(counter)


def _wait(task: Task, until: float) -> int:
    """The status of a task's next stop; it is interrupted when the time is over."""
    sleeps_at = time.monotonic() + _POLLED_S
    interrupted = False
    while True:
        tid, status = os.waitpid(task.tid, kernel.WALL | os.WNOHANG)
        if tid:
            if not os.WIFSTOPPED(status):
                raise DepartedError(task, status)
            return status
        now = time.monotonic()
        if not interrupted and now >= until:
            interrupted = True
            kernel.interrupt(task.tid)
        elif now >= sleeps_at:
            signal.sigtimedwait({signal.SIGCHLD}, _LONG_S if interrupted else until - now)


def is_breakpoint(tid: int) -> bool:
    """Whether a SIGTRAP that stops a task is from a breakpoint of ours, be it a late one."""
    code = int.from_bytes(kernel.signal_information(tid)[8:12], "little", signed=True)
    return code in (kernel.TRAP_HWBKPT, kernel.TRAP_PERF)


def _set(tid: int, places: Sequence[int]) -> None:
    kernel.ptrace(kernel.PTRACE_POKEUSER, tid, _CONTROL, 0)
    control = 0
    for index, place in enumerate(places):
        kernel.ptrace(kernel.PTRACE_POKEUSER, tid, _DEBUG_REGISTERS + 8 * index, place)
        control |= 1 << 2 * index  # local, on execution, one byte
    if control:
        kernel.ptrace(kernel.PTRACE_POKEUSER, tid, _CONTROL, control)
