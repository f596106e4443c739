"""Signals: every variant gets an asynchronous signal between the same two calls of the same task.

All signals stop in the supervisor first (signal-delivery-stop). Those that an instruction caused
are delivered where they are. Those that end or stop the leader act at once, the followers being led
to the same end. A signal that has a handler is *stashed*: the leader's agent meets the `pending`
word at its next common call, or is pulled out of the blocking call it is in, publishes a SIGNAL
message, and every variant stops at the control gate. The supervisor then puts each back into the
program at that call and sends the signal; at its delivery stop it gets the leader's siginfo, and
the kernel builds the frame and decides between EINTR and restart by the program's own SA_RESTART.
Followers' own copies are absorbed.
"""

from __future__ import annotations

import signal
import struct
import time
from typing import Final

from mvx import dispositions, kernel
from mvx.ballot import Ballots
from mvx.between import BetweenCalls
from mvx.faults import FAULTS, Faults, enters_handler, steps_to_agent
from mvx.kernel import MASK, Registers, signed
from mvx.layout import COOKIES, COOKIES_OFFSET
from mvx.masks import close_signals
from mvx.meetings import LOOKING, Meetings
from mvx.merging import is_timer, merge
from mvx.monitor import Monitor
from mvx.records import TASK
from mvx.standing import is_restart
from mvx.tasks import AddressSpace, Stash, Task
from mvx.ticks import Ticked, Ticks
from mvx.unblocked import Unblocked

_IGNORED_BY_DEFAULT: Final = frozenset(
    {signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGCONT}
)
_STOPPING: Final = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_EINTR: Final = 4
_TIMERS: Final = frozenset({37, 38, 222, 223, 226})
"""alarm, setitimer, timer_create, timer_settime, timer_delete: a signal that comes in them comes
before their end, for the timer may be gone then.
"""
_RT_SIGACTION: Final = 13
_WITH_VALUE: Final = frozenset({-1, -2, -3})
"""SI_QUEUE, SI_TIMER, SI_MESGQ."""
_VALUE: Final = 24


class Delivery:
    """Takes every signal of every task, and delivers it."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self.ballots: Ballots | None = None
        """With `--signals quorum`: where variants vote on signals that each has its own copy of."""
        if monitor.options.signals == "quorum" and len(monitor.variants) > 1:
            self.ballots = Ballots(monitor, self._fetch, self._rests_until)
        self.ticks = Ticks(monitor)
        self.between = BetweenCalls(monitor, self.pull_out, self.ballots, self.ticks)
        self.meetings = Meetings(monitor, self.ballots, self.between)
        self.unblocked = Unblocked(monitor, self.between.rests)
        self._faults = Faults(monitor)
        self._handled: dict[Task, tuple[int, AddressSpace | None, int]] = {}
        """Signals with a handler of the only thread of a process: the last one, and how many calls
        of rt_sigaction the process had made then.
        """
        monitor.deliver = self._deliver

    # When

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        soon = self.between.timeout()
        other = self.ballots.timeout() if self.ballots is not None else None
        if soon is None or other is None:
            return other if soon is None else soon
        return min(soon, other)

    def look(self) -> None:
        """Go on with the signals whose time has come."""
        self.between.look()
        if self.ballots is not None:
            self.ballots.look()

    def stopped(self, task: Task) -> None:
        """A task has stopped for a delivery."""
        if self.ballots is None or not self.ballots.was_interrupted(task):
            self.between.stopped(task, kernel.registers(task.tid))

    def ended(self, task: Task) -> None:
        """A task is gone."""
        self._handled.pop(task, None)
        self.meetings.ended(task)
        if self.ballots is not None:
            self.ballots.ended(task)

    # Signals

    def arrived(self, task: Task, number: int) -> None:
        """A task is in signal-delivery-stop."""
        noticed_ns = time.monotonic_ns()
        if number == signal.SIGTRAP and steps_to_agent(task):
            kernel.resume(task.tid)
            return
        current = self._step_back(task)
        information = kernel.signal_information(task.tid)
        code = struct.unpack_from("<i", information, 8)[0]
        if self._is_agreed(task, number, code):
            if self.ballots is not None and code != kernel.SI_TKILL:
                self._count_copy(task, Stash(number, information, noticed_ns))
            if self._deliver_in_flight(task, number, current):
                return
        if number in FAULTS and code > 0:
            self._faults.arrived(task, number, current)
        elif code == kernel.SI_TKILL and number == task.summoned:
            self.between.stopped(task, current, in_signal_stop=True)
        elif self.ballots is not None and self.ballots.is_own(task, number, information):
            self._own_copy(task, Stash(number, information, noticed_ns), current)
        elif not task.is_leader:
            kernel.resume(task.tid)
        else:
            self._leader_signal(task, Stash(number, information, noticed_ns), current, own=False)

    def _is_agreed(self, task: Task, number: int, code: int) -> bool:
        """Whether a signal may be one that the supervisor sent: by tgkill, which the kernel drops
        where the thread has a standard signal of this number pending already.
        """
        if code == kernel.SI_TKILL or not (task.is_leader or self.ballots):
            return True
        if number >= kernel.FIRST_REALTIME or all(s.number != number for s in task.in_flight):
            return False
        return all(
            struct.unpack_from("<i4xi", each) != (number, kernel.SI_TKILL)
            for each in kernel.queued_signals(task.tid)
        )

    @staticmethod
    def _step_back(task: Task) -> Registers:
        """A task on its way from a patched site to the agent gets the signal at the site; its
        registers.
        """
        current = kernel.registers(task.tid)
        if task.space is not None and task.space.sites.is_patched:
            site = task.space.sites.site_of(current.rip)
            if site is not None:
                current.rip = site
                kernel.set_registers(task.tid, current)
        return current

    def _deliver_in_flight(self, task: Task, number: int, current: Registers) -> bool:
        for stash in task.in_flight:
            if stash.number == number:
                if task.space is not None and task.space.contains(current.rip):
                    return self._meet_again(task, stash)
                task.in_flight.remove(stash)
                if number == task.summoned and number < kernel.FIRST_REALTIME:
                    task.summoned = 0  # the two were one
                self._restore_call(task)
                if number < kernel.FIRST_REALTIME and any(
                    other.number == number for other in task.in_flight
                ):
                    # Only one of a number can be pending: the next one is sent when this one has
                    # been taken.
                    kernel.send_signal(task.process, task.tid, number)
                self._deliver((task, stash))
                return True
        return False

    def _deliver(self, *signals: tuple[Task, Stash], is_clock: bool = False) -> None:
        """Let tasks go from their signal-delivery-stops into their handlers, the leader last: on
        its processor the supervisor runs, mostly, and may lose that to it for milliseconds.
        `is_clock`: the next such signals may be delivered by the loop (ticks.py).
        """
        ready = sorted(signals, key=lambda each: -each[0].variant.index)
        entered: list[Ticked] = []
        for task, stash in ready:
            information = _own_information(task, stash)
            kernel.set_signal_information(task.tid, information)
            if task.is_leader:
                self._monitor.dying[task.process] = stash.number
            if is_clock:
                entered.append(Ticked(task, kernel.registers(task.tid).rip, information))
            enters_handler(task, stash.number)
        for task, stash in ready:
            now_ns = time.monotonic_ns()
            kernel.resume(task.tid, stash.number)
            stash.missing -= 1
            if stash.missing == 0:
                self._monitor.delays.delivered(stash.number, stash.way, now_ns - stash.since_ns)
                self.between.rests.delivered(task.set.tasks[0], stash.begun_ns)
        if entered:
            leader = entered[-1].task
            self.ticks.learn(ready[-1][1], entered[::-1], self.between.rests.until(leader))

    @staticmethod
    def _meet_again(task: Task, stash: Stash) -> bool:
        """An agreed signal that was blocked when it was sent is taken by a call of the agent.

        The leader gets it as if it had just come, at a new common point; followers absorb theirs.
        """
        task.in_flight.remove(stash)
        if not task.is_leader:
            kernel.resume(task.tid)
            return True
        for other in task.set.tasks.values():
            twins = [twin for twin in other.in_flight if twin.number == stash.number]
            for twin in twins[:1]:
                other.in_flight.remove(twin)
        return False

    @staticmethod
    def _restore_call(task: Task) -> None:
        """Show the kernel the call that the signal interrupts: it decides between EINTR and
        restart.

        After the stand-in rt_sigsuspend, rdi and rsi must be the program's again: the handler's
        frame holds them.
        """
        restart, task.restart = task.restart, None
        if restart is None and not task.suspended:
            return
        current = kernel.registers(task.tid)
        if task.suspended:
            task.suspended = False
            assert task.registers is not None
            current.rdi, current.rsi = task.registers.rdi, task.registers.rsi
        elif restart is not None:
            number, code = restart
            current.orig_rax, current.rax = number, -code & MASK
        kernel.set_registers(task.tid, current)

    # Copies that each variant gets for itself

    def _own_copy(self, task: Task, stash: Stash, current: Registers) -> None:
        """A variant's own copy of a signal. One that ends the variant does so at once."""
        assert self.ballots is not None
        if task.variant.launching or task.space is None:
            kernel.resume(task.tid, stash.number if task.is_leader else 0)
        elif self.ballots.has_come(task, stash):
            return
        elif task.is_leader:
            self._leader_signal(task, stash, current, own=True)
        elif dispositions.has_handler(task.tid, stash.number):
            if self.ballots.has_copy(task, stash) and is_timer(stash.number, stash.information):
                close_signals(task, stash.number)
            self.ballots.vote(task, stash)
            kernel.resume(task.tid)
        elif (
            stash.number in _IGNORED_BY_DEFAULT
            or stash.number in _STOPPING
            or dispositions.is_ignored(task.tid, stash.number)
        ):
            kernel.resume(task.tid)
        else:
            kernel.resume(task.tid, stash.number)

    def _count_copy(self, task: Task, stash: Stash) -> None:
        """A variant's own copy for a thread, which takes the place of the one that the supervisor
        has sent: the kernel has dropped that.
        """
        assert self.ballots is not None
        if self.ballots.is_own(task, stash.number, stash.information) and self.ballots.vote(
            task, stash
        ):
            self._fetch(task)

    def _fetch(self, leader: Task) -> None:
        """A leader has a signal that was decided on without it."""
        self.between.fetch(leader)

    def _rests_until(self, leader: Task) -> float:
        return self.between.rests.until(leader)

    # Asynchronous signals of the leader

    def _leader_signal(self, task: Task, stash: Stash, current: Registers, *, own: bool) -> None:
        """`own`: every variant gets its own copy of it."""
        number, information = stash.number, stash.information
        if task.variant.launching or task.space is None:
            kernel.resume(task.tid, number)
            return
        timer = is_timer(number, information)
        if self.unblocked.deliver(task, number, information, later=timer or own):
            return
        if not self._has_handler(task, number, is_timers=timer):
            harmless = number in _IGNORED_BY_DEFAULT or dispositions.is_ignored(task.tid, number)
            if number in _STOPPING and not harmless:
                code, sender = struct.unpack_from("<i4xi", information, 8)
                self._monitor.jobs.stops(task, code, sender)
                kernel.resume(task.tid, number)
                return
            if not harmless:
                self._monitor.dying[task.process] = number
            else:
                self._go_on(task)
            kernel.resume(task.tid, 0 if harmless else number)
            return
        is_merged = any(each.number == number for each in task.stash)
        if self.ballots is not None and own:
            is_merged |= self.ballots.has_copy(task, stash)
        if own and self.ballots is not None:
            if not self.ballots.vote(task, stash):
                if timer:
                    self._monitor.write_field(task, "deferred", 1)
                    if is_merged:
                        self._close(task, current, number)
                self._go_on(task)
                kernel.resume(task.tid)
                return
        else:
            merge(task.stash, stash)
        if timer and is_merged:
            self._close(task, current, number)
        if self._monitor.options.signal_points == "calls":
            self.pull_out(task)
            kernel.resume(task.tid)
            return
        if timer and self._call(task, current) not in _TIMERS and self.between.defer(task):
            self._close(task, current, number)
            self._go_on(task)
            kernel.resume(task.tid)
            return
        if not task.space.contains(current.rip):
            self.between.begin(task, current, may_wait=timer)
            return
        self.pull_out(task)
        self.between.watch(task)
        kernel.resume(task.tid)

    def _has_handler(self, task: Task, number: int, *, is_timers: bool) -> bool:
        """Whether the program has a handler for a signal. What /proc tells costs a tenth of a
        millisecond: for timers it is asked again when the program may have changed it. If the
        handler was for once (SA_RESETHAND), delivery does to all variants what the signal does.
        """
        changes = self._monitor.arenas.arenas[0].calls(task.set.lane, _RT_SIGACTION)
        if is_timers and self._handled.get(task) == (number, task.space, changes):
            return True
        has = dispositions.has_handler(task.tid, number)
        is_alone = all(
            other is task or other.process != task.process for other in self._monitor.tasks.values()
        )
        if has and is_alone:
            self._handled[task] = number, task.space, changes
        return has

    def _close(self, task: Task, current: Registers, number: int) -> None:
        """Block a timer's signal that waits already, unless the leader is about to make a call that
        would see it: its agent has looked for signals before.
        """
        if self._call(task, current) not in LOOKING:
            close_signals(task, number)

    @staticmethod
    def _call(task: Task, current: Registers) -> int:
        """The call that a task is in, -1 for none."""
        if task.space is None or not task.space.contains(current.rip):
            return -1
        place = task.slot_address + TASK.offset("number")
        return int.from_bytes(task.space.memory.read(place, 8), "little")

    def _go_on(self, task: Task) -> None:
        """A signal that is ignored, or comes later, stopped the leader. Natively it would not even
        have woken it: a call that failed with EINTR for it is made again, and one that ended early
        is completed (agent/transfer.c).
        """
        current = kernel.registers(task.tid)
        offset = self._monitor.offset_in_image(task, current.rip)
        offsets = self._monitor.image.offsets
        if (
            offset not in (offsets["gate_interruptible"], offsets["gate_traced"])
            or signed(current.orig_rax) < 0
        ):
            return
        if current.rax == -_EINTR & MASK:
            current.rip -= 2
            current.rax = current.orig_rax
            kernel.set_registers(task.tid, current)
        elif signed(current.rax) > 0:
            self._monitor.write_field(task, "disturbed", 1)

    def interrupted(self, task: Task) -> None:
        """The supervisor stopped a task for a purpose of its own: the call that a leader is in must
        not show that.
        """
        if not task.is_leader or task.space is None or task.stash:
            return
        if not dispositions.ready_for_handlers(task.tid):
            self._go_on(task)

    def pull_out(self, task: Task) -> None:
        """Tell a leader that is in its agent of its signals; from a blocking call at a gate, or on
        its way there, it comes back to the agent with EINTR.
        """
        monitor = self._monitor
        monitor.write_field(task, "pending", 1)
        current = kernel.registers(task.tid)
        offset = monitor.offset_in_image(task, current.rip)
        offsets = monitor.image.offsets
        for test, after, given_up in (
            ("gate_test", "gate_interruptible", "gate_interrupted"),
            ("gate_traced_test", "gate_traced", "gate_traced_interrupted"),
        ):
            if offsets[test] <= offset < offsets[after]:
                task.interrupt_code = kernel.ERESTARTNOINTR
                current.rip = task.variant.base + offsets[given_up]
            elif offset == offsets[after] and is_restart(current):
                task.interrupt_code = -signed(current.rax)
                current.rax = -_EINTR & MASK
                current.orig_rax = MASK
                monitor.write_field(task, "interrupted", 1)
            else:
                continue
            kernel.set_registers(task.tid, current)
            return


def _own_information(task: Task, stash: Stash) -> bytes:
    """The leader's siginfo with the variant's own value where the program gave the kernel one
    (sigqueue, timers).
    """
    code = struct.unpack_from("<i", stash.information, 8)[0]
    if task.is_leader or task.space is None or code not in _WITH_VALUE:
        return stash.information
    value = stash.information[_VALUE : _VALUE + 8]
    memory, place = task.space.memory, task.space.base + COOKIES_OFFSET
    count = min(struct.unpack("<Q", memory.read(place, 8))[0], COOKIES)
    table = memory.read(place + 8, 16 * count) if count else b""
    own = value
    for start in range(0, len(table), 16):
        if table[start : start + 8] == value:
            own = table[start + 8 : start + 16]
    return stash.information[:_VALUE] + own + stash.information[_VALUE + 8 :]


assert TASK.size < 0x400
