"""The domain of turns between processes, which lies in each variant's arena: what happens to the
turns of a task that leaves it.

A task leaves when it ends, by whatever signal, or executes another program; it may have the turn
then. In the leader, the turn is free from then on. A follower has to come to each number that the
leader has counted: those that nobody will take any more are marked as void, and whoever comes to
them passes over (``agent/turns.c``).
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final

from mvx import turns
from mvx.layout import OWNERS, OWNERS_OFFSET, SHARED_DOMAIN_OFFSET
from mvx.records import DOMAIN
from mvx.tasks import State, Task, TaskSet

if TYPE_CHECKING:
    from mvx.arena import Arena, Arenas

_MASK: Final = (1 << 32) - 1


class Domain:
    """The turns between processes, in all variants."""

    def __init__(self, arenas: Arenas) -> None:
        """Nobody has joined; the first turn is number 1."""
        self._arenas = arenas.arenas
        for follower in self._arenas[1:]:
            follower.write(_place("turn"), 1)
        self._last: weakref.WeakKeyDictionary[TaskSet, int] = weakref.WeakKeyDictionary()
        """The number of the last turn that was counted when the leader's task left."""

    def left(self, task: Task) -> None:
        """A task that has joined is gone, or its memory is."""
        if task.is_leader:
            self._free(task.set.lane)
            self._last[task.set] = _turn(self._arenas[0])
            for other in task.set.tasks.values():
                if not other.is_leader and other.state is State.ENDED:
                    self._skip(other)
        else:
            self._skip(task)

    def give(self, lane: int, followers: list[int]) -> None:
        """Give back the turn of a task that stands still in all variants, and has it."""
        for variant in followers:
            own = self._arenas[variant]
            turn = _turn(own) + 1
            own.write(_place("turn"), turn & _MASK)
            own.write(_place("turn") + 4, turn >> 32)
            own.count(_place("events"))
        self._free(lane)

    def restart(self, lane: int) -> None:
        """The only task that has joined stands still in all variants, and has the turn in all."""
        turn = max(_turn(arena) for arena in self._arenas) + 1
        for arena in self._arenas:
            arena.write(_place("turn"), turn & _MASK)
            arena.write(_place("turn") + 4, turn >> 32)
        self._arenas[0].write(_place("state"), lane + 1)
        self._arenas[0].write(OWNERS_OFFSET + 4 * (turn % OWNERS), lane + 1)

    def holder(self) -> int:
        """The lane of the leader's task that has the turn, -1 if nobody has it."""
        return turns.lane_of(self._arenas[0].read(_place("state"), 4))

    def _free(self, lane: int) -> None:
        """Nobody waits any more for what a task of the leader was going to do."""
        arena = self._arenas[0]
        if self.holder() == lane:
            arena.write(_place("state"), 0)
        arena.write(_place("starving"), 0)
        arena.wake(_place("state"))
        arena.wake(_place("starving"))

    def _skip(self, follower: Task) -> None:
        """Mark the turns that a follower's task has not given back."""
        own = self._arenas[follower.variant.index]
        last = self._last.get(follower.set, _turn(self._arenas[0]))
        owner = follower.set.lane + 1
        for turn in range(max(_turn(own), last - OWNERS + 1), last + 1):
            place = OWNERS_OFFSET + 4 * (turn % OWNERS)
            if self._arenas[0].read(place, 4) == owner:
                own.write(place, turn & _MASK)
        own.count(_place("events"))


def _turn(arena: Arena) -> int:
    return arena.read(_place("turn"), 8)


def _place(field: str) -> int:
    return SHARED_DOMAIN_OFFSET + DOMAIN.offset(field)
