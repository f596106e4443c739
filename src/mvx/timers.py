"""Timers: how often they fire, as the call tells that arms them; and in `--signals quorum`, where
every variant has its own, what the supervisor does when one is made or changed.

The calls leave by the traced gate in every variant (they are sensitive). POSIX timers are numbered
by each process for itself, in the order of their creation (kernel/time/posix-timers.c), so a
variant's timers have the leader's numbers as long as every variant makes all of them. A timer of
CPU time is one that never fires in the followers.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from mvx import dispositions, kernel
from mvx.kernel import Registers
from mvx.masks import open_signals

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

_ALARM: Final = 37
_SETITIMER: Final = 38
_TIMER_CREATE: Final = 222
_TIMER_SETTIME: Final = 223
_CALLS: Final = frozenset({_ALARM, _SETITIMER, _TIMER_CREATE, _TIMER_SETTIME, 226})
"""alarm, setitimer, timer_create, timer_settime, timer_delete."""
_ITIMER_REAL: Final = 0
_REAL_CLOCKS: Final = frozenset({0, 1, 7, 8, 9, 11})
"""CLOCK_REALTIME, MONOTONIC, BOOTTIME, their alarms, TAI: the same for every variant."""
_MONOTONIC: Final = 1
_SIGEV_NONE: Final = 1
_SIGEV_THREAD_ID: Final = 4
_EVENT: Final = struct.Struct("<Qiii44x")
"""struct sigevent: value, signal, way, thread."""
_BELOW_STACK: Final = 512
_REAL_SIGNAL: Final = 14
_INTERVALS: Final = {_REAL_SIGNAL: 0, 26: 1, 27: 2}
"""Of SIGALRM, SIGVTALRM and SIGPROF: ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF."""
_TIMER_ID: Final = struct.Struct("<i4xi")
"""Of a siginfo from si_code on: si_code, si_timerid."""


class Timers:
    """The timers of all processes, as far as signals depend on them."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._changes: dict[int, int] = {}
        """By process, how often it has changed its timers."""
        self._older: dict[tuple[int, int], int] = {}
        """By process and signal: it was pending before a change, the how many-th."""
        self._doubtful: dict[int, int] = {}
        """By process, signals that were not pending before the last change, and were after it."""
        self._threads: set[tuple[int, int]] = set()
        """The leader's process and number of timers whose signals are for one thread."""
        self._leaders: set[tuple[int, int]] = set()
        """The leader's process and number of timers that fire in the leader only."""
        self._periods_ns: dict[tuple[int, int, int], int] = {}
        """By the leader's process, si_code, and POSIX timer or interval timer, how often it fires;
        0: once.
        """

    def armed(self, task: Task, current: Registers) -> None:
        """The leader makes a verified call: maybe one that arms a timer."""
        number = current.orig_rax
        if number == _ALARM:
            self._periods_ns[task.process, kernel.SI_KERNEL, _ITIMER_REAL] = 0
        elif number in (_SETITIMER, _TIMER_SETTIME) and task.space is not None:
            is_posix = number == _TIMER_SETTIME
            content = task.space.memory.readable(current.rdx if is_posix else current.rsi, 16)
            if len(content) == 16:
                seconds, fraction = struct.unpack("<qq", content)
                code = kernel.SI_TIMER if is_posix else kernel.SI_KERNEL
                period_ns = seconds * 10**9 + fraction * (1 if is_posix else 1000)
                self._periods_ns[task.process, code, current.rdi & 0xFFFFFFFF] = period_ns

    def period_ns(self, leader: Task, number: int, information: bytes) -> int:
        """How often the timer fires that sent a signal to a leader's task; 0: once, or unknown."""
        code, timer = _TIMER_ID.unpack_from(information, 8)
        if code == kernel.SI_KERNEL:
            timer = _INTERVALS.get(number, -1)
        return self._periods_ns.get((leader.process, code, timer), 0)

    def changes(self, task: Task) -> int:
        """How often a task's process has changed its timers."""
        return self._changes.get(task.process, 0)

    def changes_before(self, task: Task, number: int) -> tuple[int, bool]:
        """How often it had when a signal was made that arrives now, and whether it may have been
        once less.
        """
        bit, process = 1 << (number - 1), task.process
        doubtful = bool(self._doubtful.get(process, 0) & bit)
        if doubtful:
            self._doubtful[process] &= ~bit
        former = self._older.pop((process, number), None)
        return (self.changes(task), doubtful) if former is None else (former, False)

    def is_leaders(self, task: Task, timer: int) -> bool:
        """Whether a timer fires in the leader only."""
        return (task.set.process, timer) in self._leaders

    def is_for_thread(self, task: Task, timer: int) -> bool:
        """Whether a timer's signals are for one thread of the process."""
        return (task.set.process, timer) in self._threads

    def is_every(self, current: Registers) -> bool:
        """Whether a call makes or changes timers that every variant has for itself."""
        number = current.orig_rax
        if self._monitor.options.signals != "quorum" or number not in _CALLS:
            return False
        return bool(number != _SETITIMER or current.rdi & 0xFFFFFFFF == _ITIMER_REAL)

    def call(self, task: Task, current: Registers) -> None:
        """Let a verified call happen, and count it when it has.

        What a timer has sent before must not wait: the kernel drops it when the timer is gone.
        """
        open_signals(task)
        pending = dispositions.pending(task.tid)
        task.on_exit_stop = partial(self._done, pending)
        if current.orig_rax == _TIMER_CREATE:
            self._create(task, current, pending)
        kernel.resume(task.tid, to_syscall_exit=True)

    def _done(self, pending: int, task: Task, _: Registers) -> None:
        """The call is over; `pending`: the signals that were pending before it."""
        former = self._changes.get(task.process, 0)
        self._changes[task.process] = former + 1
        self._doubtful[task.process] = dispositions.pending(task.tid) & ~pending
        for number in range(1, 65):
            if pending >> (number - 1) & 1:
                self._older.setdefault((task.process, number), former)
        kernel.resume(task.tid)

    def _create(self, task: Task, current: Registers, pending: int) -> None:
        assert task.space is not None
        is_real = current.rdi & 0xFFFFFFFF in _REAL_CLOCKS
        event = task.space.memory.readable(current.rsi, _EVENT.size) if current.rsi else b""
        value, number, way, thread = (
            _EVENT.unpack(event) if len(event) == _EVENT.size else (0, _REAL_SIGNAL, 0, 0)
        )
        if task.is_leader:
            kinds = [] if is_real else [self._leaders]
            kinds += [self._threads] if way & _SIGEV_THREAD_ID else []
            task.on_exit_stop = partial(self._created, pending, current.rdx, kinds)
            return
        if not is_real:
            current.rdi, way = _MONOTONIC, _SIGEV_NONE
        elif way & _SIGEV_THREAD_ID and not task.variant.namespace:
            thread = self._own_thread(task, thread)
        else:
            return
        place = current.rsp - _BELOW_STACK
        task.space.memory.write(place, _EVENT.pack(value, number, way, thread))
        current.rsi = place
        kernel.set_registers(task.tid, current)

    def _created(
        self,
        pending: int,
        place: int,
        kinds: list[set[tuple[int, int]]],
        task: Task,
        current: Registers,
    ) -> None:
        """The leader has made a timer, whose number is at `place`."""
        if not current.rax and task.space is not None:
            number = struct.unpack("<i", task.space.memory.read(place, 4))[0]
            for kind in (self._leaders, self._threads):
                kind.discard((task.process, number))
            for kind in kinds:
                kind.add((task.process, number))
        self._done(pending, task, current)

    def _own_thread(self, task: Task, thread: int) -> int:
        leader = self._monitor.tasks.get(thread)
        own = leader.set.tasks.get(task.variant.index) if leader is not None else None
        return own.tid if own is not None else thread
