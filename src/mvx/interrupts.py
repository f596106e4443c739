"""Stops that the supervisor asks running tasks for: who wants them, until they have come.

A task has one PTRACE_INTERRUPT pending at most, and every other ptrace-stop takes it back
(ptrace_stop in kernel/signal.c, Linux 6.18). So what was asked for is kept with the task; whatever
stop comes first, the interrupt is sent again, and stops the task when it goes on.
"""

from __future__ import annotations

import contextlib
import enum
from typing import TYPE_CHECKING

from mvx import kernel
from mvx.kernel import TaskGoneError

if TYPE_CHECKING:
    from mvx.tasks import Task


class Reason(enum.Flag):
    """Why a task is to stop; there may be several reasons at once."""

    NONE = 0
    DELIVERY = enum.auto()
    """A signal is to be delivered between two calls (between.py)."""
    TURN = enum.auto()
    """Others wait for its turn (preemption.py)."""
    JOB = enum.auto()
    """The leader was stopped by job control (jobs.py)."""
    POSTPONED = enum.auto()
    """It has made no call for long, and writes are postponed (postponed.py)."""


def ask(task: Task, reason: Reason) -> None:
    """Make a running task stop; nothing for one that is stopped, which has to be asked again when
    it runs.
    """
    if task.is_running and not task.reasons & reason:
        task.reasons |= reason
        kernel.interrupt(task.tid)


def taken(task: Task) -> Reason:
    """The interrupt has stopped the task: what it was for."""
    reasons, task.reasons = task.reasons, Reason.NONE
    return reasons


def renew(task: Task) -> None:
    """Another stop has been served: interrupt the task again if it was to be. One that does not
    run is where the others wait for it already.
    """
    if not task.is_running:
        task.reasons = Reason.NONE
    elif task.reasons:
        kernel.interrupt(task.tid)


def release(task: Task) -> None:
    """Let a task go on that was held since it stopped, if it is still there."""
    with contextlib.suppress(TaskGoneError):
        kernel.resume(task.tid)
        renew(task)
