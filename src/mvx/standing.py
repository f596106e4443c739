"""Where a follower stands, seen from a leader that is held between two calls.

A leader is held for a signal (between.py) or to lose its turn (preemption.py), never for both: each
stops it first, and whoever has stopped it lets it go before the other can.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from mvx.kernel import MASK, RESTART_CODES, Registers, signed
from mvx.tasks import State

if TYPE_CHECKING:
    from mvx.arena import Arenas
    from mvx.tasks import Task


class Place(enum.Enum):
    """What a follower does."""

    BEHIND = "has messages of the leader to consume, or is on its way out of a call"
    COMPUTES = "has consumed all messages"
    AHEAD = "waits in the next call"


def place(arenas: Arenas, follower: Task) -> Place:
    """Where a follower is, as its own words in shared memory tell: a lie hurts nobody else."""
    lane = follower.set.lane
    own = arenas.arenas[follower.variant.index]
    head = arenas.arenas[0].word(lane, "head")
    if own.word(lane, "tail") != head:
        return Place.BEHIND
    if own.word(lane, "number") != 0 and own.word(lane, "position") == head:
        return Place.AHEAD
    return Place.COMPUTES


def followers(leader: Task) -> list[Task]:
    """The tasks that follow a leader's, as far as they are born and live."""
    return [
        other
        for other in leader.set.tasks.values()
        if other is not leader and other.state is not State.ENDED
    ]


def is_between_calls(task: Task, current: Registers) -> bool:
    """Whether a stopped task stands in program code, in no call."""
    in_program = task.space is not None and not task.space.contains(current.rip)
    return in_program and not is_restart(current)


def is_restart(current: Registers) -> bool:
    """Whether a stopped task would go on with the call that it was interrupted in."""
    return current.orig_rax != MASK and -signed(current.rax) in RESTART_CODES
