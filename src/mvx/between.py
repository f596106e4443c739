"""Delivery between calls: for a leader that computes, or sleeps in a futex, when its signal comes.

The leader is held where the signal stopped it. As long as every follower that has consumed all of
the leader's messages still computes, too, nobody is known to be further than the others; after a
moment in which none of them came to its next call, each is *summoned*: it gets the same signal and
stops before it. When all are held in the program, they go on into their handlers.

A follower that waits in its next call shows that the leader is behind: the leader then goes on with
`pending` set, and everybody meets at that call (delivery.py). If the leader does not come to it for
long, the follower is put back before the call that it began.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from mvx import interrupts, kernel, rests, standing
from mvx.births import BIRTHS
from mvx.breakpoints import DepartedError
from mvx.hold import Hold
from mvx.interrupts import Reason
from mvx.kernel import MASK, Registers, TaskGoneError
from mvx.masks import open_signals, open_together
from mvx.monitor import Monitor
from mvx.points import Points
from mvx.rests import Rests
from mvx.standing import Place, is_restart
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.ballot import Ballots
    from mvx.tasks import Stash
    from mvx.ticks import Delivered, Ticks

_MOMENT_S: Final = 0.00003
"""How long followers may show that they are ahead before they are summoned."""
_PATIENCE_S: Final = 0.02
"""How long a leader that is behind may take to its next call, in processor time."""
_CLOCK_PATIENCE_S: Final = 0.00005
"""The same for signals of timers that fire often: enough for what is between a look at what their
handlers changed and the call that is made because of it.
"""
_STARVED_S: Final = 1.0
"""How long if it gets no processor, or sleeps."""
_AGENT_PATIENCE_S: Final = 0.002
"""The same for a leader that was in its agent, which may be in a call of its own."""
_POLLED_S: Final = 0.00004
"""For how long the supervisor looks for followers that it has summoned before it does other work.
"""
_RETRY_S: Final = 0.0002
_CALLS_OFTEN_S: Final = 0.00005
"""A program that made a call so often since its last signal is expected to make the next one soon.
"""
_CALL_PATIENCE_S: Final = 0.0003
"""How long it may take to it then."""
_FUTEX_PATIENCE_S: Final = 0.01
"""How long variants may differ in whether they sleep in a futex."""


class BetweenCalls:
    """Signals of leaders that make no common call."""

    def __init__(
        self,
        monitor: Monitor,
        pull_out: Callable[[Task], None],
        ballots: Ballots | None,
        ticks: Ticks,
    ) -> None:
        """Works on the monitor's tasks; `pull_out` tells a leader in its agent of its signals;
        `ticks` may deliver signals of clocks.
        """
        self._monitor = monitor
        self._ballots = ballots
        self._pull_out = pull_out
        self.rests = Rests()
        self._due: dict[Task, float] = {}
        """Leader's tasks with a stashed signal, and when to look at them next."""
        self._forced: dict[Task, tuple[int, float]] = {}
        """Those of them whose patience ends then, followers that are ahead being put back: when, in
        nanoseconds of processor time and in any case.
        """
        self._resting: set[Task] = set()
        """Those that wait for the program to get on."""
        self._holds: dict[Task, Hold] = {}
        self._counted: dict[Task, tuple[int, int]] = {}
        """When the leader's last signal came, in ns, and how many calls it had made."""
        self._points = Points(monitor)
        self._place = partial(standing.place, monitor.arenas)
        ticks.is_idle = lambda task: task not in self._due
        ticks.delivered = self._ticked

    # When

    def watch(self, task: Task) -> None:
        """A leader goes on with `pending` set, and should come to a common call."""
        self._due.setdefault(task, time.monotonic() + _AGENT_PATIENCE_S)

    def fetch(self, task: Task) -> None:
        """A leader that runs on has a signal in its stash."""
        self._due[task] = time.monotonic()
        with contextlib.suppress(OSError):  # it may be about to end: its memory is gone
            self._monitor.write_field(task, "pending", 1)

    def begin(self, task: Task, current: Registers, *, may_wait: bool) -> None:
        """A leader is in signal-delivery-stop, in the program, and the signal is in its stash.
        `may_wait`: it need not come before the program's next instruction, as a timer's.
        """
        if may_wait and self._calls_often(task) and task not in self._due:
            self._due[task] = time.monotonic() + _CALL_PATIENCE_S
            self._monitor.write_field(task, "pending", 1)
            kernel.resume(task.tid)
            return
        if self._has_time(task) or task.in_flight:
            # It is on its way to a call, or into the handler of an agreed signal, already.
            self._due.setdefault(task, time.monotonic() + _RETRY_S)
            self._monitor.write_field(task, "pending", 1)
            kernel.resume(task.tid)
            return
        self._hold(task, current, in_signal_stop=True)

    def _calls_often(self, task: Task) -> bool:
        now_ns = time.monotonic_ns()
        calls = self._monitor.arenas.arenas[0].word(task.set.lane, "history_count")
        then_ns, before = self._counted.get(task, (now_ns, calls))
        self._counted[task] = (now_ns, calls)
        return (calls - before) * _CALLS_OFTEN_S * 1e9 > now_ns - then_ns

    def met(self, task: Task) -> None:
        """A leader has come to the call at which all meet; its signals wait no more."""
        self._due.pop(task, None)
        self._forced.pop(task, None)
        self._resting.discard(task)

    def defer(self, task: Task) -> bool:
        """Whether a timer's signal shall wait: delivery must leave the program half of its time,
        however often the timer fires.
        """
        until = self.rests.until(task)
        if time.monotonic() >= until:
            return False
        if task not in self._due:
            self._due[task] = until
            self._resting.add(task)
        self._monitor.write_field(task, "deferred", 1)
        return True

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        if not self._due:
            return None
        return max(0.0, min(self._due.values()) - time.monotonic())

    def look(self) -> None:
        """Go on with the tasks whose time has come."""
        now = time.monotonic()
        for task, due in list(self._due.items()):
            if due > now:
                continue
            hold = self._holds.get(task)
            if hold is not None and hold.waits:
                del self._due[task]
                continue
            if task.closed and task.state is State.STOPPED:
                self._due[task] = now + rests.MOST_S
                continue
            if not task.stash or task.state is not State.RUNNING:
                self._forget(task)
                continue
            self._due[task] = now + _RETRY_S
            if hold is None:
                if self._has_time(task):
                    continue
                if task in self._resting:
                    self._resting.discard(task)
                    for stash in task.stash:
                        stash.begun_ns = time.monotonic_ns()
                _interrupt(task)
            else:
                self._advance(hold)

    def _has_time(self, task: Task) -> bool:
        """Whether a leader that is behind may still come to its next call by itself."""
        spent_ns, end_s = self._forced.get(task, (0, 0.0))
        if time.monotonic() >= end_s:
            return False
        with contextlib.suppress(TaskGoneError):
            return kernel.processor_time_ns(task.process, task.tid) < spent_ns
        return False

    def _ticked(self, signals: Delivered) -> None:
        """The loop has delivered signals of a clock."""
        self._counted[signals.leader] = (signals.since_ns, signals.called)
        self._points.ticked(signals.leader, signals.since_ns, signals.before_ns)
        self.rests.extend(signals.leader, signals.rest_ns / 1e9)

    # Holding

    def _hold(self, task: Task, current: Registers, *, in_signal_stop: bool) -> None:
        open_signals(task)
        now = time.monotonic()
        noticed_s = task.stash[-1].since_ns / 1e9 if in_signal_stop else now
        is_clock = self._points.is_clock(task)
        is_forced = task in self._forced
        hold = Hold(task, current, noticed_s, in_signal_stop=in_signal_stop)
        hold.forced, hold.is_clock = is_forced, is_clock
        self._holds[task] = hold
        self._due[task] = now + _RETRY_S
        self._advance(hold)

    def _advance(self, hold: Hold) -> None:
        """See where the followers are; summon them when none is ahead of the leader."""
        followers = standing.followers(hold.leader)
        if len(followers) < len(self._monitor.live) - 1:
            self._let_go(hold)  # one is still to be born
            return
        if all(follower.variant.index in hold.ready for follower in followers):
            self._deliver(hold)
            return
        end = 0.0 if hold.is_clock else hold.since_s + _MOMENT_S
        missing = [other for other in followers if other.variant.index not in hold.ready]
        while not hold.forced:
            if Place.AHEAD in (self._place(follower) for follower in missing):
                self._let_go(hold)
                return
            if time.monotonic() >= end:
                break
        for follower in missing:
            if self._place(follower) is not Place.BEHIND:
                self._summon(hold, follower)
        end = time.monotonic() + _POLLED_S
        while self._holds.get(hold.leader) is hold and time.monotonic() < end:
            for follower in missing:
                tid, status = os.waitpid(follower.tid, kernel.WALL | os.WNOHANG)
                if tid:
                    self._monitor.serve(tid, status)

    def _summon(self, hold: Hold, follower: Task) -> None:
        """Make a follower stop: by the signal itself where it can be injected then, else by an
        interrupt.
        """
        if follower.state is not State.RUNNING or follower.in_flight:
            return
        if follower.summoned or len(hold.leader.stash) > 1:
            _interrupt(follower)
            return
        follower.summoned = hold.leader.stash[0].number
        kernel.send_signal(follower.process, follower.tid, follower.summoned)

    # Stops

    def stopped(self, task: Task, current: Registers, *, in_signal_stop: bool = False) -> None:
        """A task stopped because it was interrupted or summoned."""
        if in_signal_stop:
            task.summoned = 0
        if task.is_leader:
            self._leader_stopped(task, current)
            return
        leader = task.set.tasks[0]
        hold = self._holds.get(leader)
        if hold is None or task.variant.index in hold.ready:
            kernel.resume(task.tid)
            return
        if not self._is_ready(task, current, hold):
            kernel.resume(task.tid)
            if self._place(task) is Place.AHEAD and not hold.forced:
                self._let_go(hold)
            return
        if in_signal_stop:
            hold.injectable.add(task.variant.index)
        if len(hold.ready) == len(standing.followers(leader)):
            self._deliver(hold)

    def _leader_stopped(self, task: Task, current: Registers) -> None:
        open_signals(task)
        assert task.space is not None
        if task not in self._due or not task.stash or task in self._holds or task.in_flight:
            kernel.resume(task.tid)
        elif task.space.contains(current.rip):
            self._pull_out(task)
            kernel.resume(task.tid)
        else:
            self._hold(task, current, in_signal_stop=False)

    def _is_ready(self, task: Task, current: Registers, hold: Hold) -> bool:
        """Whether a stopped follower can get the signal here; if so, it is noted as ready. Not
        while an agreed signal is on its way to it: the leader's handler of that may run already.
        """
        if task.in_flight:
            return False
        place = self._place(task)
        assert task.space is not None
        if not task.space.contains(current.rip):
            if place is Place.BEHIND or not self._sleeps_alike(task, current, hold):
                return False
            hold.ready[task.variant.index] = None
            return True
        if place is not Place.AHEAD or not hold.forced:
            return False
        task.registers = current
        program = self._monitor.program_registers(task)
        program.rip -= 2
        program.rax = program.orig_rax
        program.orig_rax = MASK
        hold.ready[task.variant.index] = program
        return True

    def _sleeps_alike(self, task: Task, current: Registers, hold: Hold) -> bool:
        """Whether leader and follower both sleep in a call of their own (a futex), or both do not.

        For some time, variants that differ are given the time to come to the same; then whoever
        sleeps is made to begin its sleep again after the handler.
        """
        leader = hold.registers
        if is_restart(leader) == is_restart(current):
            return True
        if time.monotonic() < hold.since_s + _FUTEX_PATIENCE_S:
            return False
        for sleeper, registers in ((hold.leader, leader), (task, current)):
            if is_restart(registers):
                registers.rax = -kernel.ERESTARTNOINTR & MASK
                kernel.set_registers(sleeper.tid, registers)
        return True

    # The end of a hold

    def _deliver(self, hold: Hold) -> None:
        """All are held: each gets the signals, once it has its own copies."""
        leader = hold.leader
        if self._ballots is not None:
            open_together((leader, *standing.followers(leader)))
            self._ballots.settle(leader)
            self._ballots.postpone(leader, kernel.signal_mask(leader.tid))
            if not leader.stash:
                self._monitor.write_field(leader, "pending", 0)
                self._forget(leader)
                return
        hold.waits = self._ballots is not None and self._ballots.is_waiting(
            [leader, *standing.followers(leader)],
            leader.stash,
            partial(self._have_copies, hold),
            restores=True,
        )
        if hold.waits or not self._align(hold):
            return
        del self._holds[leader]
        self._due.pop(leader, None)
        self._forced.pop(leader, None)
        signals, leader.stash = leader.stash, []
        if leader.told:
            self._monitor.write_field(leader, "pending", 0)
            self._monitor.write_field(leader, "deferred", 0)
            leader.told = False
        for stash in signals:
            if stash.way == "at_call":
                stash.way = "between_calls"
            stash.missing = len(leader.set.tasks)
        enter: list[tuple[Task, Stash]] = []
        others: list[Task] = []
        for task in (*standing.followers(leader), leader):
            program = hold.ready.get(task.variant.index)
            if program is not None:
                kernel.set_registers(task.tid, program)
                arena = self._monitor.arenas.arenas[task.variant.index]
                arena.set_word(task.set.lane, "number", 0)  # it is in no call any more
            in_signal_stop = (
                hold.in_signal_stop if task is leader else task.variant.index in hold.injectable
            )
            if in_signal_stop and len(signals) == 1:
                enter.append((task, signals[0]))
                continue
            task.in_flight += signals
            for stash in signals:
                kernel.send_signal(task.process, task.tid, stash.number)
            others.append(task)
        for task in others:
            kernel.resume(task.tid)
        all_compute = len(enter) == len(leader.set.tasks) and not any(hold.ready.values())
        is_clock = hold.is_clock and all_compute and self._ballots is None
        self._monitor.deliver(*enter, is_clock=is_clock)

    def _align(self, hold: Hold) -> bool:
        """Bring all that compute to one instruction, where that is worth the time. Returns False
        when one of them has left its place: the signal comes elsewhere then.
        """
        leader = hold.leader
        if hold.is_clock:
            self._monitor.delays.inexact += 1
            return True
        followers = standing.followers(leader)
        if not followers or not self._all_compute(hold, followers):
            return True
        seconds = self._points.seconds(leader)
        if not seconds:
            return True
        hold.in_signal_stop = False
        hold.injectable.clear()
        try:
            stay = self._points.meet(leader, followers, seconds)
        except DepartedError as departed:
            self._let_go(hold, but=departed.task)
            self._monitor.serve(departed.task.tid, departed.status)
            return False
        except TaskGoneError:
            stay = False
        if not stay:
            self._let_go(hold)
        return stay

    def _all_compute(self, hold: Hold, followers: Iterable[Task]) -> bool:
        """Whether nobody sleeps in a call of its own, or was put back before one."""
        if any(hold.ready.values()) or self._is_behind_birth(hold):
            return False
        return not any(is_restart(kernel.registers(t.tid)) for t in (hold.leader, *followers))

    def _is_behind_birth(self, hold: Hold) -> bool:
        """Whether the leader is right behind a call that made a process (a system call leaves its
        return address in rcx): a signal that came while it slept in vfork was there when that
        ended, and the program counts on it.
        """
        if hold.registers.rip != hold.registers.rcx:
            return False
        past = self._monitor.arenas.arenas[0].history(hold.leader.set.lane)
        return bool(past) and past[-1].number in BIRTHS

    def _have_copies(self, hold: Hold, stops: dict[Task, bool]) -> None:
        for task, in_signal_stop in stops.items():
            task.state = State.RUNNING
            if task is hold.leader:
                hold.in_signal_stop = in_signal_stop
            elif in_signal_stop:
                hold.injectable.add(task.variant.index)
            else:
                hold.injectable.discard(task.variant.index)
        self._deliver(hold)

    def _let_go(self, hold: Hold, but: Task | None = None) -> None:
        """The leader is behind: it goes on to its next call, where all meet. `but`: a task whose
        stop is still to be served.
        """
        leader = hold.leader
        del self._holds[leader]
        patience_s = _CLOCK_PATIENCE_S if hold.is_clock else _PATIENCE_S
        self._due[leader] = time.monotonic() + patience_s
        with contextlib.suppress(TaskGoneError):
            spent_ns = kernel.processor_time_ns(leader.process, leader.tid)
            end_s = time.monotonic() + _STARVED_S
            self._forced[leader] = (spent_ns + round(patience_s * 1e9), end_s)
        self._monitor.write_field(leader, "pending", 1)
        self._resume(hold, but)

    def _resume(self, hold: Hold, but: Task | None = None) -> None:
        held = [
            other for other in standing.followers(hold.leader) if other.variant.index in hold.ready
        ]
        for task in [hold.leader, *held]:
            if task is not but:
                interrupts.release(task)

    def _forget(self, task: Task) -> None:
        """The signal went another way, or the task is gone: whoever is held goes on."""
        self._due.pop(task, None)
        self._forced.pop(task, None)
        if task.state is State.ENDED:
            self.rests.forget(task)
            self._counted.pop(task, None)
            self._points.forget(task)
        hold = self._holds.pop(task, None)
        if hold is not None:
            self._resume(hold)


def _interrupt(task: Task) -> None:
    interrupts.ask(task, Reason.DELIVERY)
