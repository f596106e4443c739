"""Followers of a leader's process that was killed: they are killed, too, when they are as far.

What the process has done to memory that it shares with others counts: a follower first does what
its leader had done, as far as that can be known, which is up to the leader's last message.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_LOOK_S: Final = 0.001
_PATIENCE_S: Final = 1.0
"""How long a follower may take. One that comes to no call, as its leader would not have either, has
nothing left to read at once.
"""


class Deaths:
    """Kills followers, at once or a little later."""

    def __init__(self, monitor: Monitor) -> None:
        """Nobody is to be killed."""
        self._monitor = monitor
        self._doomed: dict[int, float] = {}
        """Until when processes have time."""

    def follow(self, follower: Task, *, shares: bool) -> None:
        """The leader of this task was killed; `shares`: its process shared memory with others."""
        if not shares or self._is_as_far(follower.process):
            self._monitor.kill_process(follower)
        else:
            self._doomed.setdefault(follower.process, time.monotonic() + _PATIENCE_S)

    def born(self, parent: Task) -> None:
        """A task has created another: if a follower's, the leader's may have been killed before."""
        child_set = parent.set.child
        child = child_set.tasks.get(parent.variant.index) if child_set is not None else None
        if child is None or child.is_leader or child.state is State.ENDED:
            return
        leader = child.set.tasks.get(0)
        if leader is not None and leader.status is not None and os.WIFSIGNALED(leader.status):
            self.follow(child, shares=child.turns)

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        return _LOOK_S if self._doomed else None

    def look(self) -> None:
        """Kill those that are as far as their leaders were."""
        for process, end_s in list(self._doomed.items()):
            if time.monotonic() >= end_s or self._is_as_far(process):
                del self._doomed[process]
                for task in self._tasks(process)[:1]:
                    self._monitor.kill_process(task)

    def _tasks(self, process: int) -> list[Task]:
        return [
            task
            for task in self._monitor.tasks.values()
            if task.process == process and task.state is not State.ENDED
        ]

    def _is_as_far(self, process: int) -> bool:
        arenas = self._monitor.arenas.arenas
        return all(
            arenas[task.variant.index].word(task.set.lane, "tail")
            >= arenas[0].word(task.set.lane, "head")
            for task in self._tasks(process)
        )
