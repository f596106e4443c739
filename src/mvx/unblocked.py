"""Signals that a leader's rt_sigreturn unblocks: every variant gets them at the end of the same
rt_sigreturn.

Only a timer's may come later, since nobody knows when it expired, and one that is voted on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mvx import dispositions, kernel
from mvx.faults import enters_handler
from mvx.meetings import queued
from mvx.tasks import Stash, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.rests import Rests


class Unblocked:
    """The ends of leaders' handlers."""

    def __init__(self, monitor: Monitor, rests: Rests) -> None:
        """Works on the monitor's tasks; a handler's time counts for the rest after it."""
        self._monitor = monitor
        self._rests = rests

    def returned(self, task: Task) -> bool:
        """The leader's rt_sigreturn is at its exit: whether signals come before the program's next
        instruction.
        """
        self._rests.returned(task)
        in_flight = sum(
            1 << (stash.number - 1) for stash in {s.number: s for s in task.in_flight}.values()
        )
        task.unblocked = dispositions.ready_for_handlers(task.tid) & ~in_flight
        if task.unblocked:
            # Those of timers come later, or never: the kernel drops them if the timer was changed.
            for number, is_timers in queued(task, shared=True):
                task.unblocked &= ~(is_timers << (number - 1))
        return bool(task.unblocked)

    def deliver(self, task: Task, number: int, information: bytes, *, later: bool) -> bool:
        """A signal of the leader that its sigreturn unblocked: followers get it at the same
        sigreturn. Only a timer's can come `later`, nobody knows when it expired, and one that is
        voted on.
        """
        bit = 1 << (number - 1)
        if not task.unblocked & bit:
            return False
        task.unblocked &= ~bit
        if later:
            if not task.unblocked:
                self._monitor.native_done(task.set)
            return False
        task.set.native_signals.append(
            Stash(number, information, missing=len(self._monitor.live) - 1)
        )
        # Which of the others are still to come depends on the mask of this one's handler: look at
        # the handler's first instruction.
        task.entering = True
        enters_handler(task, number)
        kernel.step(task.tid, number)
        return True

    def entered(self, task: Task) -> None:
        """A leader is at the first instruction of a handler for a signal that a sigreturn
        unblocked.
        """
        if not self.returned(task):
            self._monitor.native_done(task.set)
        kernel.resume(task.tid)
