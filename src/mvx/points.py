"""Whether a signal for variants that compute is worth being delivered at one instruction.

That takes milliseconds (alignment.py), where delivery at the instructions at which the variants
happen to be takes a tenth of one. A program may look at where it was interrupted, by what its
handler prints or decides: so the instruction is the same wherever the program can afford it. A
timer that fires many times a second is expected to be a clock, whose handler does not look, and
which must not eat up the program's time; `--signal-points exact` says that it does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mvx.alignment import Alignment, Meeting
from mvx.merging import is_timer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvx.monitor import Monitor
    from mvx.tasks import Task

_FREQUENT_NS: Final = 30_000_000
"""Signals of timers that are armed to come more often, or do, are a clock's."""
_CREDIT_S: Final = 3.0
_SHARE: Final = 0.5
_ATTEMPT_S: Final = 2.0
_SKIPPED_MOST: Final = 255


class _Patience:
    """For how long it is worth trying to bring one set of tasks together, time after time.

    Where it failed it is tried again after 1, 3, 7... other occasions; and all attempts together
    may take as long as the program had for itself.
    """

    def __init__(self) -> None:
        self._since_s = time.monotonic()
        self._spent_s = -_CREDIT_S
        self._misses = 0
        self._skipped = 0

    def seconds(self) -> float:
        """How long the next attempt may take; 0: there is none this time."""
        if self._skipped:
            self._skipped -= 1
            return 0.0
        share = (time.monotonic() - self._since_s) * _SHARE
        return min(max(share - self._spent_s, 0.0), _ATTEMPT_S)

    def spent(self, seconds: float, *, is_exact: bool) -> None:
        """An attempt took that long."""
        self._spent_s += seconds
        self._misses = 0 if is_exact else self._misses + 1
        self._skipped = 0 if is_exact else min((1 << self._misses) - 1, _SKIPPED_MOST)


class Points:
    """Brings the variants' tasks to one instruction for a signal, where that is worth it."""

    def __init__(self, monitor: Monitor) -> None:
        """Counts in the monitor's statistics what it did."""
        self._monitor = monitor
        self._alignment = Alignment(monitor)
        self._patience: dict[Task, _Patience] = {}
        self._ticked: dict[Task, tuple[int, int]] = {}
        """When a leader's task got the last signal of a timer, and the one before it, in ns."""

    def seconds(self, leader: Task) -> float:
        """How long :meth:`meet` may take for the signals that a leader has in its stash; 0: they
        are delivered where everybody is.
        """
        patience = self._patience.setdefault(leader, _Patience())
        seconds = 0.0 if self.is_clock(leader) else patience.seconds()
        self._monitor.delays.inexact += not seconds
        return seconds

    def is_clock(self, leader: Task) -> bool:
        """Whether all that a leader has in its stash comes from timers that fire often."""
        if self._monitor.options.signal_points == "exact" or not all(
            is_timer(stash.number, stash.information) for stash in leader.stash
        ):
            return False
        came_ns = leader.stash[-1].since_ns
        last_ns, before_ns = self._ticked.get(leader, (0, 0))
        if came_ns != last_ns:
            last_ns, before_ns = self._ticked[leader] = came_ns, last_ns
        if last_ns - before_ns < _FREQUENT_NS:
            return True
        timers = self._monitor.timers
        return all(
            0 < timers.period_ns(leader, stash.number, stash.information) < _FREQUENT_NS
            for stash in leader.stash
        )

    def ticked(self, leader: Task, last_ns: int, before_ns: int) -> None:
        """A clock's signals have come that nobody asked about: when the last two."""
        self._ticked[leader] = last_ns, before_ns

    def meet(self, leader: Task, followers: Sequence[Task], seconds: float) -> bool:
        """Bring them together as well as can be done; returns False when one came to its next call.

        Blocks and raises as :meth:`mvx.alignment.Alignment.align` does.
        """
        start_s = time.monotonic()
        meeting = self._alignment.align(leader, followers, seconds)
        is_exact = meeting is Meeting.EXACT
        self._patience[leader].spent(time.monotonic() - start_s, is_exact=is_exact)
        if meeting is Meeting.LEFT:
            return False
        self._monitor.delays.exact += is_exact
        self._monitor.delays.inexact += not is_exact
        return True

    def forget(self, leader: Task) -> None:
        """The task has ended."""
        self._patience.pop(leader, None)
        self._ticked.pop(leader, None)
