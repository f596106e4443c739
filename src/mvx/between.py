"""Delivery between calls: for a leader that computes, or sleeps in a futex, and makes no common
call for a while.

The supervisor stops the leader where it is and lets every follower catch up: a follower is ready
when it has consumed all that the leader has published and either runs program code itself or
already waits in its agent for the leader's next message. The latter is put back before the call
that it began. Then all get the signal: between the same two calls, though not at the same
instruction; a program whose output depends on how far it had computed shows that natively, too.
"""

from __future__ import annotations

import contextlib
import time
from typing import Final

from mvx import kernel
from mvx.kernel import MASK, Registers, TaskGoneError
from mvx.monitor import Monitor
from mvx.tasks import Stash, State, Task

_PATIENCE_S: Final = 0.001
"""How long a stashed signal waits for the leader's next common call."""
_RETRY_S: Final = 0.0005


class BetweenCalls:
    """Signals of leaders that make no common call."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._waiting: dict[Task, float] = {}
        """Leader's tasks with a stashed signal, and when to look at them next."""
        self._held: dict[Task, dict[int, Registers | None]] = {}
        """Stopped leader's tasks; their followers that are ready, with the registers to put back
        (None: as they are).
        """

    def stashed(self, task: Task) -> None:
        """A signal was stashed for a leader's task."""
        self._waiting.setdefault(task, time.monotonic() + _PATIENCE_S)

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        if not self._waiting:
            return None
        return max(0.0, min(self._waiting.values()) - time.monotonic())

    def look(self) -> None:
        """Stop the tasks whose time has come."""
        now = time.monotonic()
        for task, due in list(self._waiting.items()):
            if due > now:
                continue
            if not task.stash or task.state is not State.RUNNING:
                del self._waiting[task]
                self._let_go(task)
                continue
            self._waiting[task] = now + _RETRY_S
            ready = self._held.get(task)
            if ready is None:
                self._ask(task)
                continue
            for follower in self._followers(task):
                if follower.variant.index not in ready:
                    self._ask(follower)

    @staticmethod
    def _ask(task: Task) -> None:
        if not task.asked_to_stop and task.state is State.RUNNING:
            task.asked_to_stop = True
            with contextlib.suppress(TaskGoneError):
                kernel.ptrace(kernel.PTRACE_INTERRUPT, task.tid)

    @staticmethod
    def _followers(task: Task) -> list[Task]:
        return [other for other in task.set.tasks.values() if other is not task]

    def stopped(self, task: Task) -> None:
        """A task stopped because it was asked to."""
        task.asked_to_stop = False
        current = kernel.registers(task.tid)
        if task.is_leader:
            if task not in self._waiting or not task.stash or self._is_in_agent(task, current):
                kernel.resume(task.tid)
                return
            self._held[task] = {}
            self._waiting[task] = time.monotonic()
            return
        leader = task.set.tasks[0]
        ready = self._held.get(leader)
        if ready is None or not self._is_ready(task, current, ready):
            kernel.resume(task.tid)
            return
        if len(ready) == len(self._followers(leader)):
            self._deliver(leader, ready)

    def _is_in_agent(self, task: Task, current: Registers) -> bool:
        arena = self._monitor.arenas.arenas[task.variant.index]
        assert task.space is not None
        return task.space.contains(current.rip) or arena.word(task.set.lane, "number") != 0

    def _is_ready(self, task: Task, current: Registers, ready: dict[int, Registers | None]) -> bool:
        arenas = self._monitor.arenas.arenas
        lane = task.set.lane
        own = arenas[task.variant.index]
        head = arenas[0].word(lane, "head")
        if own.word(lane, "tail") != head:
            return False
        if not self._is_in_agent(task, current):
            ready[task.variant.index] = None
            return True
        if own.word(lane, "number") == 0 or own.word(lane, "position") != head:
            return False  # on its way out of a finished call, or in one that it makes for itself
        task.registers = current
        program = self._monitor.program_registers(task)
        program.rip -= 2
        program.rax = program.orig_rax
        program.orig_rax = MASK
        ready[task.variant.index] = program
        return True

    def _deliver(self, leader: Task, ready: dict[int, Registers | None]) -> None:
        monitor = self._monitor
        del self._held[leader]
        del self._waiting[leader]
        signals, leader.stash = leader.stash, []
        monitor.write_field(leader, "pending", 0)
        for task in leader.set.tasks.values():
            program = ready.get(task.variant.index)
            task.in_flight += [Stash(stash.number, stash.information) for stash in signals]
            if program is not None:
                kernel.set_registers(task.tid, program)
            for stash in signals:
                kernel.send_signal(task.process, task.tid, stash.number)
            kernel.resume(task.tid)

    def _let_go(self, task: Task) -> None:
        """The signal went another way, or the task is gone: whoever is held goes on."""
        ready = self._held.pop(task, None)
        if ready is None:
            return
        held = [other for other in self._followers(task) if other.variant.index in ready]
        for other in [task, *held]:
            with contextlib.suppress(TaskGoneError):
                kernel.resume(other.tid)
