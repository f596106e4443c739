"""Signals that no single variant decides on: `--signals quorum`.

Every variant arms timers of its own and gets its own copy of a signal from outside. A copy that
comes first is ignored for now and kept. When enough variants have theirs, the signal is decided on:
it goes the way of every signal to a point where all variants meet, at a call or between two
(delivery.py, between.py). Whoever comes there without a copy waits for it in a loop of the agent,
in place of its next call, which it makes after the handler. The loop ends with the copy, or after
`--signal-wait` iterations: that variant is non-compliant.

What the kernel does between an expiry and its signal (signal(7), timer_settime(2)):

- A standard signal that is pending is not queued again, nor is a timer's signal: two expiries may
  be one signal in one variant and two in another. So a copy stands for every expiry before it, and
  what is pending anywhere when the wait for a copy ends belongs to that copy.
- A timer that is changed does not expire any more: a variant that has changed its timers before
  another one, whose copy came before that, owes none.
- A timer of CPU time counts a variant's own time: those stay the leader's.
"""

from __future__ import annotations

import contextlib
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from mvx import dispositions, interrupts, kernel
from mvx.interrupts import Reason
from mvx.kernel import MASK, Registers, signed
from mvx.merging import is_timer, merge
from mvx.tasks import Stash, State, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_REAL_TIMER: Final = 14
"""SIGALRM, which alarm(2) and setitimer(2) send in the kernel's name."""
_FROM_USERS: Final = frozenset({0, -1, kernel.SI_TKILL})
"""SI_USER, SI_QUEUE, SI_TKILL: the siginfo names the sender."""
_SENDER: Final = 16
_SENDING: Final = {129: "rsi", 297: "rdx", 424: "rsi"}
"""rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal: where they have the signal's number."""
_LOOP_SIZE: Final = 5
"""Bytes of the wait loop in agent/entry.S: dec, jnz."""
_LOOK_S: Final = 0.002
_LOOK_LATER_S: Final = 0.05
_SOON_NS: Final = 50_000_000

Key = tuple[int, int, int]
"""The leader's process, the signal, and the task set that it is for, 0: any of the process."""


class Round:
    """The copies of one signal for one process."""

    is_doubtful: bool = False
    """A copy may be from before its variant's last change of its timers, or from after it."""
    decided: Stash | None = None
    """What is delivered."""

    def __init__(self, begun_ns: int, leader: Task) -> None:
        """No copy has come."""
        self.begun_ns = begun_ns
        self.leader = leader
        """Of the task that got the last copy."""
        self.copies: dict[int, list[Stash]] = {}
        """By variant, those that came and have not been delivered."""
        self.changes: dict[int, int] = {}
        """By variant, how often it had changed its timers when its copy came."""
        self.before_ns: dict[int, int] = {}
        """By variant, when the copy before this one came."""


class Wait:
    """A variant in the wait loop."""

    has_come: bool = False
    """The copy came; the loop is about to end at the control gate."""

    def __init__(self, key: Key, restored: Registers | None, mask: int, meeting: Meeting) -> None:
        """It is in the loop."""
        self.key = key
        self.restored = restored
        """What it goes on with; None where somebody else knows."""
        self.mask = mask
        self.meeting = meeting


class Meeting:
    """Variants that stand at a common point until the last of them has its copy."""

    def __init__(self, missing: set[Task], go_on: Callable[[dict[Task, bool]], None]) -> None:
        """They stand there."""
        self.missing = missing
        self.go_on = go_on
        self.stops: dict[Task, bool] = {}
        """Who has waited, and whether it is in signal-delivery-stop now."""


class Ballots:
    """All rounds of a run."""

    def __init__(
        self,
        monitor: Monitor,
        fetch: Callable[[Task], None],
        rests_until: Callable[[Task], float],
    ) -> None:
        """`fetch` brings a leader that has a stashed signal to a common point; `rests_until` tells
        until when a program is to get on before the next signal of a timer.
        """
        self._monitor = monitor
        self._fetch = fetch
        self._rests_until = rests_until
        self._rounds: dict[Key, Round] = {}
        self._decided: dict[Stash, Key] = {}
        self._waits: dict[Task, Wait] = {}
        self._last_ns: dict[tuple[Key, int], int] = {}
        self._covered: set[tuple[Key, int]] = set()
        """Variants whose next copy belongs to a round that is over."""
        self._due = 0.0
        self._made: Counter[int] = Counter()
        """By signal, how many the program has sent to anybody with a siginfo of its own."""

    # Which signals

    def is_own(self, task: Task, number: int, information: bytes) -> bool:
        """Whether every variant gets its own copy of a signal."""
        code = struct.unpack_from("<i", information, 8)[0]
        if code == kernel.SI_TIMER:
            timer = struct.unpack_from("<i", information, _SENDER)[0]
            return not self._monitor.timers.is_leaders(task, timer)
        if code == kernel.SI_KERNEL:
            return number == _REAL_TIMER
        if code not in _FROM_USERS:
            return False
        if task.is_leader and self._made[number]:
            self._made[number] -= 1
            return False
        sender = struct.unpack_from("<i", information, _SENDER)[0]
        return sender not in self._monitor.processes

    def called(self, current: Registers) -> None:
        """The leader makes a call that the supervisor verifies: maybe one that sends a signal with
        a siginfo of the program's own, which may name anybody as the sender.
        """
        name = _SENDING.get(current.orig_rax)
        if name is not None:
            self._made[getattr(current, name) & 0xFFFFFFFF] += 1

    # Copies

    def vote(self, task: Task, stash: Stash) -> bool:
        """A copy came; whether the leader has a decided signal that waits for it to stop.

        The decided signal is in the leader's stash from then on.
        """
        key, variant = self._key(task, stash), task.variant.index
        leader = task.set.tasks[0]
        before_ns = self._last_ns.get((key, variant), 0)
        self._last_ns[key, variant] = stash.since_ns
        if (key, variant) in self._covered:
            self._covered.discard((key, variant))
            return False
        now = self._rounds.setdefault(key, Round(stash.since_ns, leader))
        now.leader = leader
        if not now.copies.get(variant):
            changes, doubtful = self._monitor.timers.changes_before(task, stash.number)
            now.changes[variant] = changes
            now.is_doubtful |= doubtful
            now.before_ns[variant] = before_ns
        merge(now.copies.setdefault(variant, []), stash)
        self._due = min(self._due, time.monotonic() + _LOOK_S)
        if now.decided is None and self._decide(key, now) and not task.is_leader:
            self._fetch(leader)
        return task.is_leader and now.decided in task.stash

    def has_copy(self, task: Task, stash: Stash) -> bool:
        """Whether a variant has a copy that was not delivered yet."""
        now = self._rounds.get(self._key(task, stash))
        return now is not None and bool(now.copies.get(task.variant.index))

    def _key(self, task: Task, stash: Stash) -> Key:
        code, _, timer = struct.unpack_from("<iii", stash.information, 8)
        is_for_thread = code == kernel.SI_TKILL or (
            code == kernel.SI_TIMER and self._monitor.timers.is_for_thread(task, timer)
        )
        return task.set.process, stash.number, task.set.identifier if is_for_thread else 0

    @staticmethod
    def _can_take(leader: Task, number: int) -> bool:
        """Whether the program has a handler for a signal and does not block it."""
        bit = 1 << (number - 1)
        content = dispositions.status(leader.tid)
        blocked = dispositions.field(content, b"SigBlk") & ~leader.closed
        return bool(dispositions.field(content, b"SigCgt") & ~blocked & bit)

    def settle(self, leader: Task) -> None:
        """Decide now on what waits for the program to get on: all variants meet."""
        for key, now in list(self._rounds.items()):
            if now.decided is None and now.leader is leader:
                self._decide(key, now, rests=False)

    def _decide(
        self, key: Key, now: Round, pending: Iterable[int] = (), *, rests: bool = True
    ) -> bool:
        votes = {variant for variant, copies in now.copies.items() if copies} | set(pending)
        live = len(self._monitor.live)
        if not votes or len(votes) < self._monitor.options.signal_quorum * live:
            return False
        leader, leaders = now.leader, now.copies.get(0)
        if leader.state is State.ENDED:
            return False
        copies = [copy for each in now.copies.values() for copy in each]
        if rests and all(is_timer(copy.number, copy.information) for copy in copies):
            until = self._rests_until(leader)
            if until > time.monotonic():
                self._due = min(self._due, until)
                with contextlib.suppress(OSError):  # it may be about to end
                    self._monitor.write_field(leader, "deferred", 1)
                return False
        if not leaders and not self._can_take(leader, key[1]):
            return False  # the leader's own copy comes when it unblocks it
        first = min(
            (copies[0] for copies in now.copies.values() if copies), key=lambda each: each.since_ns
        )
        stash = Stash(key[1], (leaders or [first])[0].information, first.since_ns)
        if len(votes) > 1:
            stash.way = "pending"
        now.decided = stash
        self._decided[stash] = key
        leader.stash.append(stash)
        return True

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        if any(now.decided is None for now in self._rounds.values()):
            return max(0.0, self._due - time.monotonic())
        return None

    def look(self) -> None:
        """Count the copies that the kernel keeps for variants that block them: nothing tells when
        they come.
        """
        now = time.monotonic()
        if now < self._due:
            return
        youngest_ns = 0
        for key, each in list(self._rounds.items()):
            if each.decided is not None:
                continue
            if each.leader.state is State.ENDED:
                del self._rounds[key]  # the thread that was to run the handler is gone
                continue
            youngest_ns = max(youngest_ns, each.begun_ns)
            pending = [
                task.variant.index
                for task in each.leader.set.tasks.values()
                if self._is_pending(task, key)
            ]
            if self._decide(key, each, pending):
                self._fetch(each.leader)
        soon = youngest_ns + _SOON_NS > time.monotonic_ns()
        self._due = now + (_LOOK_S if soon else _LOOK_LATER_S)

    @staticmethod
    def _is_pending(task: Task, key: Key) -> bool:
        """Whether the kernel keeps a copy for a variant."""
        if key[2]:
            return dispositions.is_pending_for_thread(task.tid, key[1])
        return dispositions.is_pending_for_process(task.tid, key[1])

    def postpone(self, leader: Task, mask: int) -> None:
        """Take back what was decided on but is blocked (`mask`) at the point where all stand: the
        leader came past the call that blocks it, a variant got its copy before that.
        """
        for stash in [each for each in leader.stash if each in self._decided]:
            if mask >> (stash.number - 1) & 1:
                leader.stash.remove(stash)
                self._rounds[self._decided.pop(stash)].decided = None

    # At the common point

    def is_waiting(
        self,
        tasks: Iterable[Task],
        signals: Iterable[Stash],
        go_on: Callable[[dict[Task, bool]], None],
        *,
        restores: bool,
    ) -> bool:
        """Let those of `tasks`, which stand at a common point, wait who have no copy of one of the
        signals; False when there are none. `go_on` is called when the last one has its copy, or is
        excused, with who waited and whether it is in signal-delivery-stop. `restores`: they get
        back the registers that they have now.
        """
        there = list(tasks)
        for stash in signals:
            key = self._decided.get(stash)
            if key is None:
                continue
            now = self._rounds[key]
            missing = {task for task in there if not self._has(task, now)}
            if missing:
                stash.way = "waited"
                meeting = Meeting(missing, go_on)
                for task in list(missing):
                    self._begin(task, key, meeting, restores=restores)
                return True
            self._finish(key, now, stash, there)
        return False

    def _has(self, task: Task, now: Round) -> bool:
        """Whether a variant has its copy, or owes none."""
        if now.copies.get(task.variant.index):
            return True
        own = self._monitor.timers.changes(task)
        return any(copies and own > now.changes[v] for v, copies in now.copies.items())

    def _finish(self, key: Key, now: Round, stash: Stash, there: Iterable[Task]) -> None:
        """Everybody has a copy: this round is over."""
        if now.copies.get(0):
            stash.information = now.copies[0][0].information
        for copies in now.copies.values():
            del copies[:1]
        del self._decided[stash]
        del self._rounds[key]
        if stash.way == "waited":
            for task in there:
                if self._is_pending(task, key):
                    self._covered.add((key, task.variant.index))
        if any(now.copies.values()):
            rest = self._rounds[key] = Round(time.monotonic_ns(), now.leader)
            rest.copies, rest.changes = now.copies, now.changes
            rest.before_ns = now.before_ns
            self._due = 0.0

    # The loop

    def _begin(self, task: Task, key: Key, meeting: Meeting, *, restores: bool) -> None:
        current = kernel.registers(task.tid)
        mask = kernel.signal_mask(task.tid)
        restored = Registers.from_buffer_copy(current) if restores else None
        self._waits[task] = Wait(key, restored, mask, meeting)
        kernel.set_signal_mask(task.tid, mask & ~(1 << (key[1] - 1)))
        current.rip = task.variant.base + self._monitor.image.offsets["signal_wait"]
        current.rdi = self._monitor.options.signal_wait
        current.orig_rax = MASK
        kernel.set_registers(task.tid, current)
        task.state = State.WAITING
        kernel.resume(task.tid)

    def has_come(self, task: Task, stash: Stash) -> bool:
        """Whether a copy is what its variant waits for; the task then stays where it is."""
        key = self._key(task, stash)
        waiting = next(
            (
                other
                for other, wait in self._waits.items()
                if wait.key == key and other.variant is task.variant
            ),
            None,
        )
        if waiting is None:
            return False
        self.vote(task, stash)
        if waiting is task:
            self._leave(task, in_signal_stop=True)
            return True
        kernel.resume(task.tid)  # the process got it in another thread than the one that waits
        interrupts.ask(waiting, Reason.DELIVERY)
        return True

    def was_interrupted(self, task: Task) -> bool:
        """Whether a stop ends a wait because another thread got the copy."""
        if task not in self._waits:
            return False
        self._leave(task, in_signal_stop=False)
        return True

    def _leave(self, task: Task, *, in_signal_stop: bool) -> None:
        """A waiter's copy has come: skip the remaining iterations. Who stood at the control gate
        goes back there.
        """
        wait = self._waits[task]
        if wait.restored is not None:
            self._end(task, in_signal_stop=in_signal_stop)
            return
        wait.has_come = True
        kernel.set_signal_mask(task.tid, wait.mask | 1 << (wait.key[1] - 1))  # no more of them
        current = kernel.registers(task.tid)
        loop = task.variant.base + self._monitor.image.offsets["signal_wait"]
        if loop <= current.rip < loop + _LOOP_SIZE:
            current.rip, current.rdi = loop, 1
            kernel.set_registers(task.tid, current)
        kernel.resume(task.tid)

    def expired(self, task: Task) -> bool:
        """The loop is over; False when the task was not in it."""
        wait = self._waits.get(task)
        if wait is None:
            return False
        if wait.has_come:
            self._end(task, in_signal_stop=False)
            return True
        now, variant = self._rounds[wait.key], task.variant.index
        self._monitor.delays.noncompliant += 1
        # A copy that came after another variant's copy before this one may stand for both.
        last_ns = self._last_ns.get((wait.key, variant), 0)
        merged = now.is_doubtful or any(
            copies and last_ns > now.before_ns[v] > 0 for v, copies in now.copies.items()
        )
        if not merged:
            from mvx.specification.text import signal_name

            if wait.restored is not None:
                kernel.set_registers(task.tid, wait.restored)  # the report shows the program
            name, count = signal_name(wait.key[1]), self._monitor.options.signal_wait
            reason = f"variant {variant} did not get its copy of {name} within {count} iterations"
            self._monitor.diverged("timeout", task, reason, suspects=frozenset({variant}))
            if self._monitor.is_over or task.variant.dropped:
                return True
        current = kernel.registers(task.tid)
        current.orig_rax = MASK
        kernel.set_registers(task.tid, current)
        if wait.restored is not None and signed(wait.restored.orig_rax) >= 0:
            # The kernel would take the number for a call to make here: begin that anew.
            wait.restored.rip -= 2
            wait.restored.rax, wait.restored.orig_rax = wait.restored.orig_rax, MASK
        now.copies.setdefault(variant, []).append(self._copy_of(now))
        self._end(task, in_signal_stop=False)
        return True

    @staticmethod
    def _copy_of(now: Round) -> Stash:
        return next(copies[0] for copies in now.copies.values() if copies)

    def _end(self, task: Task, *, in_signal_stop: bool) -> None:
        wait = self._waits.pop(task)
        kernel.set_signal_mask(task.tid, wait.mask)
        if wait.restored is not None:
            kernel.set_registers(task.tid, wait.restored)
        task.state = State.GATHERED
        wait.meeting.stops[task] = in_signal_stop
        self._met(task, wait.meeting)

    @staticmethod
    def _met(task: Task, meeting: Meeting) -> None:
        meeting.missing.discard(task)
        if not meeting.missing:
            meeting.go_on(meeting.stops)

    # Ends

    def ended(self, task: Task) -> None:
        """A task is gone: nobody waits for its copy, and it needs none."""
        wait = self._waits.pop(task, None)
        if wait is not None and task.set.tasks[0].state is not State.ENDED:
            self._met(task, wait.meeting)
        if task.is_leader and task.tid == task.set.process:
            # The process has no other thread any more.
            for key in [key for key in self._rounds if key[0] == task.tid]:
                now = self._rounds.pop(key)
                if now.decided is not None:
                    self._decided.pop(now.decided, None)
            self._last_ns = {k: v for k, v in self._last_ns.items() if k[0][0] != task.tid}
            self._covered = {k for k in self._covered if k[0][0] != task.tid}
