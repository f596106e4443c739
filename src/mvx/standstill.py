"""What a stopped process holds that others wait for.

The kernel stops the leader's process anywhere. Inside the agent it may have the turn that it shares
with other processes, or be about to give it up, and somebody may wait for its message: so it goes
on until it has no turn, or is in program code. A follower goes on until it is where its leader
stopped. Between two calls a stopped process keeps its turn as long as nobody wants it. Then the
supervisor gives the turn back for it, in all variants, and when the process is continued it first
waits for its next one.
"""

from __future__ import annotations

import contextlib
import time
import weakref
from typing import TYPE_CHECKING, Final

from mvx import interrupts, kernel, standing
from mvx.interrupts import Reason
from mvx.kernel import TaskGoneError
from mvx.standing import Place
from mvx.tasks import State, Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_FIRST_S: Final = 0.001
_LOOKS: Final = 9
"""How often a task is looked at again, each time after twice as long: for half a second."""


class Standstill:
    """The tasks of stopped processes that are still on their way, and those without their turn."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._due: dict[Task, float] = {}
        """Tasks that are to be stopped again, and when."""
        self._looks: weakref.WeakKeyDictionary[Task, int] = weakref.WeakKeyDictionary()
        """How often they were already."""
        self._computing: weakref.WeakSet[Task] = weakref.WeakSet()
        """Leader's tasks that have stopped between two calls."""
        self._lent: weakref.WeakSet[TaskSet] = weakref.WeakSet()
        """Those whose turn was given back for them."""

    def stays(self, leader: Task) -> bool:
        """Whether a leader's task may stay where a signal has stopped it."""
        self._computing.discard(leader)
        if standing.is_between_calls(leader, kernel.registers(leader.tid)):
            self._computing.add(leader)
        elif self._has_turn(leader) and self._again(leader):
            return False
        return True

    def holds(self, follower: Task) -> bool:
        """Whether a follower of a stopped task, which has stopped too, is as far as its leader."""
        if standing.place(self._monitor.arenas, follower) is not Place.BEHIND:
            # A leader that has stopped in its agent comes to no other place, nor do who wait there.
            is_waiting = follower.set.tasks[0] not in self._computing
            if is_waiting or standing.is_between_calls(follower, kernel.registers(follower.tid)):
                return True
        self._again(follower)
        return False

    def lend(self, leader: Task) -> None:
        """Somebody waits for the turn of a stopped task: give it back, if all variants stand
        between the same two calls.
        """
        task_set = leader.set
        followers = standing.followers(leader)
        if leader not in self._computing or not self._has_turn(leader):
            return
        if len(followers) + 1 < len(self._monitor.live):
            return  # one is still to be born
        for follower in followers:
            if follower.state is not State.STOPPED:
                interrupts.ask(follower, Reason.JOB)
        if all(follower.state is State.STOPPED for follower in followers):
            self._lent.add(task_set)
            self._monitor.domain.give(task_set.lane, [task.variant.index for task in followers])

    def continues(self, leader: Task) -> None:
        """A stopped task and its followers are about to go on: maybe to wait for their turn."""
        self._computing.discard(leader)
        for task in leader.set.tasks.values():
            self._due.pop(task, None)
            self._looks.pop(task, None)
        if leader.set in self._lent:
            self._lent.discard(leader.set)
            for task in (leader, *standing.followers(leader)):
                with contextlib.suppress(TaskGoneError):
                    self._monitor.send_to_agent(task, kernel.registers(task.tid), "START")

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def look(self) -> None:
        """Stop those again that were on their way."""
        now = time.monotonic()
        for task, due in list(self._due.items()):
            if now >= due:
                del self._due[task]
                interrupts.ask(task, Reason.JOB)

    def _again(self, task: Task) -> bool:
        """Look at a task again in a while; False: it was looked at often enough."""
        count = self._looks.get(task, 0)
        if count == _LOOKS:
            return False
        self._looks[task] = count + 1
        self._due[task] = time.monotonic() + _FIRST_S * 2**count
        return True

    def _has_turn(self, leader: Task) -> bool:
        is_joined = leader.space is not None and leader.space.turns.joined
        return is_joined and self._monitor.domain.holder() == leader.set.lane
