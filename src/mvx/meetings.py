"""Signals at calls: where all variants come to one, each is put back into the program there and
gets the signals.
"""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Final

from mvx import kernel
from mvx.kernel import MASK, Registers
from mvx.layout import POINTS
from mvx.masks import close_signals, open_together
from mvx.merging import is_timer
from mvx.tasks import Stash, State, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mvx.ballot import Ballots
    from mvx.between import BetweenCalls
    from mvx.monitor import Monitor

_POINTS: Final = list(POINTS)
_RT_SIGSUSPEND: Final = 130
_EINTR: Final = 4
LOOKING: Final = frozenset({13, 14, 59, 127, 128, 130, 270, 271, 281, 282, 289, 322, 441})
"""rt_sigaction, rt_sigprocmask, execve, rt_sigpending, rt_sigtimedwait, rt_sigsuspend, pselect6,
ppoll, epoll_pwait, signalfd, signalfd4, execveat, epoll_pwait2.
"""
_AFTER_CALL: Final = 2
"""Of `pending`: the signals come after the next call, not before it."""


class Meetings:
    """The common points at calls of all task sets."""

    def __init__(self, monitor: Monitor, ballots: Ballots | None, between: BetweenCalls) -> None:
        """Works on the monitor's tasks; `between` has the leaders that should come to a call."""
        self._monitor = monitor
        self._ballots = ballots
        self._between = between
        self._flushed: set[Task] = set()
        """Tasks that had to take what timers had sent to them before all meet."""

    def ended(self, task: Task) -> None:
        """A task is gone."""
        self._flushed.discard(task)

    def gather(self, task: Task) -> None:
        """A variant stands at a signal point; when all do, also those whose task is still to be
        born, each gets the signals.
        """
        if not self._monitor.gather(task):
            return
        task_set = task.set
        gathered = list(task_set.gathered.values())
        if self._flushes(gathered):
            return
        task_set.gathered.clear()
        self._meet(gathered, {})

    def _flushes(self, gathered: list[Task]) -> bool:
        """Whether tasks first have to take what timers have sent to them, and come back.

        It came while the signal that all meet for was waiting: the leader merges the two. While it
        is pending for a thread, the kernel drops what the supervisor sends to that; and it drops
        it, too, when it is taken, if the timer was changed (posixtimer_deliver_signal in
        kernel/time/posix-timers.c, Linux 6.13).
        """
        leader = next(other for other in gathered if other.is_leader)
        numbers = {each.number for each in leader.stash if is_timer(each.number, each.information)}
        pending = partial(queued, shared=self._ballots is None)
        late = [
            other
            for other in (() if not numbers else gathered if self._ballots else (leader,))
            if other not in self._flushed
            and any(each in numbers and is_timers for each, is_timers in pending(other))
        ]
        self._flushed.difference_update(gathered)
        if not late:
            return False
        open_together(gathered)
        for other in late:
            self._flushed.add(other)
            del other.set.gathered[other.variant.index]
            other.state = State.RUNNING
            kernel.resume(other.tid)
        self._monitor.await_all(leader.set)
        return True

    def _meet(self, gathered: list[Task], _: dict[Task, bool]) -> None:
        """All stand at the signal point: each gets the signals, once it has its own copies."""
        leader = next(other for other in gathered if other.is_leader)
        open_together(gathered)
        if self._ballots is not None:
            self._ballots.settle(leader)
            self._ballots.postpone(leader, self._blocked(leader))
            go_on = partial(self._meet, gathered)
            if self._ballots.is_waiting(gathered, leader.stash, go_on, restores=False):
                return
        if self._makes_call_first(leader):
            close_signals(leader, *(stash.number for stash in leader.stash))
            for other in gathered:
                self._send(other, leader, [], pending=_AFTER_CALL if other.is_leader else 0)
            self._between.watch(leader)
            leader.interrupt_code = 0
            return
        self._between.met(leader)
        signals, leader.stash = leader.stash, []
        for stash in signals:
            stash.missing = len(gathered)
        for other in gathered:
            self._send(other, leader, signals)
        leader.interrupt_code = 0

    def _blocked(self, leader: Task) -> int:
        """The signals that a leader at a signal point does not take there."""
        assert leader.space is not None
        program = self._monitor.program_registers(leader)
        address = self._waits_under(leader, leader, program)
        if address:
            return int.from_bytes(leader.space.memory.read(address, 8), "little")
        return kernel.signal_mask(leader.tid)

    def _waits_under(self, task: Task, leader: Task, program: Registers) -> int:
        """Address of the mask under which a call waited that was given up, 0 if there is none."""
        given_up = leader.interrupt_code == kernel.ERESTARTNOHAND and _point(task) == "INTERRUPTED"
        given_up = given_up or (_point(task) == "EXIT" and program.rax == -_EINTR & MASK)
        return self._mask_address(task, program, program.orig_rax) if given_up else 0

    def _makes_call_first(self, leader: Task) -> bool:
        """Whether only timers' signals come before a call before which they came already: a timer
        that fires all the time must not keep the program from making it. Not for calls that would
        see the mask under which it is made, or decide what becomes of the signals.
        """
        program = self._monitor.program_registers(leader)
        place, former = (program.rip, program.rsp), leader.interrupted_at
        is_repeated = (
            _point(leader) == "ENTRY"
            and program.orig_rax not in LOOKING
            and bool(leader.stash)
            and all(is_timer(each.number, each.information) for each in leader.stash)
        )
        leader.interrupted_at = place if is_repeated and place != former else None
        return is_repeated and place == former

    def _send(self, task: Task, leader: Task, signals: list[Stash], *, pending: int = 0) -> None:
        monitor = self._monitor
        assert task.space is not None
        program = monitor.program_registers(task)
        point = _point(task)
        number = program.orig_rax
        mask = self._waits_under(task, leader, program) if signals else 0
        program.orig_rax = MASK
        if point == "ENTRY":
            program.rip -= 2
            program.rax = number
        elif point == "INTERRUPTED":
            if signals:
                # A call number now would make the kernel execute it: the delivery stop is the place
                # for it. Given up before it began (the agent saw `pending` at the gate): made again
                # in any case.
                task.restart = (number, leader.interrupt_code or kernel.ERESTARTNOINTR)
            else:
                program.rip -= 2
                program.rax = number
        monitor.write_field(task, "pending", pending)
        monitor.write_field(task, "deferred", 0)
        monitor.write_field(task, "interrupted", 0)
        task.in_flight += signals
        if mask:
            # The signal is open only under the call's own mask: wait for it there, in the program's
            # context.
            task.registers = Registers.from_buffer_copy(program)
            task.suspended = True
            task.restart = None
            program.orig_rax = _RT_SIGSUSPEND
            program.rdi, program.rsi = mask, 8
        for stash in signals:
            kernel.send_signal(task.process, task.tid, stash.number)
        monitor.release(task, program)

    def _mask_address(self, task: Task, program: Registers, number: int) -> int:
        """Address of the signal mask that a call waits under, 0 if it has none."""
        assert task.space is not None
        match number:
            case 130:  # rt_sigsuspend
                return int(program.rdi)
            case 271:  # ppoll
                return int(program.r10)
            case 281 | 441:  # epoll_pwait, epoll_pwait2
                return int(program.r8)
            case 270 if program.r9:  # pselect6
                words: tuple[int, int] = struct.unpack(
                    "<QQ", task.space.memory.read(program.r9, 16)
                )
                return words[0]
        return 0


def queued(task: Task, *, shared: bool) -> Iterator[tuple[int, bool]]:
    """The first signals that are pending for a stopped thread, `shared`: or for its process, and
    whether they are timers'.
    """
    found = kernel.queued_signals(task.tid)
    for each in found + (kernel.queued_signals(task.tid, of_process=True) if shared else []):
        number = struct.unpack_from("<i", each)[0]
        yield number, is_timer(number, each)


def _point(task: Task) -> str:
    """At which of POINTS a gathered task says that it is."""
    return _POINTS[task.request[1] if task.request[1] < len(_POINTS) else 0]
