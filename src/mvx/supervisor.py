"""The supervisor: one event loop over the ptrace stops of every task of every variant.

Here is what a stop is told apart by; calls that stop at the filter are traps.py, the waiting and
what needs no decision any more is stops.py.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import struct
import sys
import time
from typing import Final

from mvx import (
    breakpoints,
    errors,
    interrupts,
    jobs,
    kernel,
    slices,
    starting,
)
from mvx.deaths import Deaths
from mvx.delivery import Delivery
from mvx.disagreement import Disagreement
from mvx.instructions import Instructions
from mvx.interrupts import Reason
from mvx.kernel import TaskGoneError
from mvx.layout import REQUESTS
from mvx.monitor import Monitor
from mvx.options import Options
from mvx.outcome import DIVERGENCE_STATUS, FAILURE_STATUS, TIMEOUT_STATUS, Outcome
from mvx.postponed import Postponed
from mvx.preemption import Preemption
from mvx.processes import Processes
from mvx.requests import Requests
from mvx.stops import Signal, Stops
from mvx.tasks import State, Task, TaskSet
from mvx.traps import Traps

_REQUESTS: Final = list(REQUESTS)
_TICK_S: Final = 0.25
_DYING_S: Final = 0.1
_LOOK_S: Final = 0.01
"""How long stops that come one after the other keep the supervisor from looking at the time."""
_CRASHES: Final = frozenset({4, 5, 6, 7, 8, 11, 31})
"""SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS."""


def run(options: Options) -> Outcome:
    """Run the program under N variants until all of its processes have ended; blocks until then."""
    waited = jobs.FORWARDED | {signal.SIGCHLD}
    former = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    supervisor = Supervisor(options)
    try:
        outcome = supervisor.run()
        supervisor.end_everything()
        supervisor.save_sites()
        supervisor.save_statistics(outcome)
    finally:
        supervisor.end_everything()
        supervisor.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
    return outcome


class Supervisor:
    """One run."""

    def __init__(self, options: Options) -> None:
        """Prepare the shared memory; nothing runs yet."""
        self._options = options
        self._monitor = Monitor(options)
        self._processes = Processes(self._monitor)
        self._delivery = Delivery(self._monitor)
        self._preemption = Preemption(self._monitor)
        self._deaths = Deaths(self._monitor)
        self._postponed = Postponed(self._monitor)
        self._disagreement = Disagreement(self._monitor, self._regathered, self._stop)
        self._monitor.diverged = self._disagreement.diverged
        self._signals = jobs.FORWARDED | {signal.SIGCHLD}
        self._stops = Stops(self._signals, self._monitor.statistics, self._delivery.ticks)
        requests = Requests(
            self._monitor,
            self._processes,
            self._delivery,
            self._preemption,
            self._disagreement,
            self._postponed,
        )
        self._traps = Traps(
            self._monitor, self._stops, self._delivery, self._disagreement, requests
        )
        instructions = Instructions(self._monitor)
        self._monitor.serve = self._stopped
        self._monitor.native_done = self._processes.done
        self._monitor.sigreturn_done = self._delivery.unblocked.returned
        self._monitor.emulate = instructions.emulate
        if options.trace is not None:
            from mvx.trace import Trace

            self._monitor.trace = Trace(options.trace, self._monitor)
        self._outcome: Outcome | None = None
        self._root: TaskSet | None = None
        self._root_status: int | None = None
        self._end = time.monotonic() + options.timeout_s if options.timeout_s else None
        self._next_look_s = 0.0

    def run(self) -> Outcome:
        """Start the variants and serve their stops until the end."""
        self._start()
        monitor = self._monitor
        while monitor.tasks and self._outcome is None:
            try:
                stopped = self._stops.poll()
                waited = stopped is None
                if stopped is None:
                    stopped = self._idle()
            except ChildProcessError:
                break
            if stopped is not None:
                self._serve_one(*stopped)
            is_time = waited or time.monotonic() >= self._next_look_s
            if is_time and self._outcome is None:
                self._look(is_idle=waited)
        if self._outcome is not None:
            return self._outcome
        ended = self._root_status
        if ended is None:
            return Outcome("failed", FAILURE_STATUS)
        if os.WIFSIGNALED(ended):
            return Outcome("signaled", os.WTERMSIG(ended))
        return Outcome("exited", os.WEXITSTATUS(ended))

    def close(self) -> None:
        """Give everything back."""
        self._disagreement.judge.finish(self._options.calibrate)
        if self._monitor.trace is not None:
            self._monitor.trace.close()
        self._monitor.close()

    def end_everything(self) -> None:
        """Kill and reap every task that is left."""
        tasks = self._monitor.tasks
        for task in tasks.values():
            self._monitor.kill_process(task)
        for parent in list(self._monitor.parents):
            self._monitor.end_parent(parent)
        deadline = time.monotonic() + 5
        while tasks and time.monotonic() < deadline:
            try:
                tid, status = os.waitpid(-1, kernel.WALL | os.WNOHANG)
            except ChildProcessError:
                return
            if tid == 0:
                time.sleep(0.001)
            elif os.WIFSTOPPED(status):
                try:
                    os.kill(tid, signal.SIGKILL)
                    kernel.resume(tid)
                except (TaskGoneError, ProcessLookupError):
                    continue
            else:
                tasks.pop(tid, None)

    def save_sites(self) -> None:
        """Keep what was learned of the sites that trap."""
        self._monitor.leave_all()
        self._monitor.sites.save()

    def save_statistics(self, outcome: Outcome) -> None:
        """Write what the run cost and did, if that was asked for; a failure changes nothing, the
        run is over.
        """
        if self._options.signals_stats and sys.stderr is not None:
            sys.stderr.write(self._monitor.delays.table())
        target = self._options.statistics
        if target is None:
            return
        for task_set in self._monitor.sets.values():
            self._monitor.count_calls(task_set)
        try:
            self._monitor.statistics.save(target, self._options, outcome)
        except errors.MvxError as error:
            sys.stderr.write(f"{error.format()}\n")

    # Start

    def _start(self) -> None:
        self._root, pending = starting.start(self._monitor)
        for started in pending:
            self._serve_until_started(started.pid, started.error)
        slices.shorten()

    def _serve_until_started(self, pid: int, error: int) -> None:
        """Serve stops until the first process has executed the program, or could not."""
        task = self._monitor.tasks.get(pid)
        while task and task.variant.launching and pid in self._monitor.tasks and not self._outcome:
            tid, status = os.waitpid(-1, kernel.WALL)
            try:
                self._stopped(tid, status)
            except TaskGoneError as gone:
                self._gone(gone.args[0])
        ended = task is None or task.state is State.ENDED
        content = os.read(error, 4) if ended and not self._outcome else b""
        os.close(error)
        if content:
            number = struct.unpack("<i", content)[0]
            message = f"{self._options.program}: {os.strerror(number)}"
            if number == 2:
                raise errors.ProgramNotFound(message, fix="check the program and its interpreter")
            raise errors.ProgramNotExecutable(message, fix="check its rights and its format")

    # The loop

    def _idle(self) -> tuple[int, int] | None:
        """Nothing stopped: sleep until a task does (which it is, and its status), a signal comes,
        or a time has come at which :meth:`_look` has something to do.
        """
        monitor = self._monitor
        timeout = _TICK_S if monitor.deadlines or self._end is not None else 3600.0
        timeout = self._disagreement.timeout(timeout)
        soon = _earliest(
            self._delivery.timeout(),
            self._preemption.timeout(),
            self._deaths.timeout(),
            monitor.jobs.timeout(),
            self._postponed.timeout(),
        )
        timeout = timeout if soon is None else min(timeout, soon)
        start = time.monotonic()
        event = self._stops.wait(timeout, monitor.waiting)
        monitor.jobs.waited(timeout, time.monotonic() - start)
        if isinstance(event, Signal):
            self._forward(event)
            return None
        return event

    def _look(self, *, is_idle: bool) -> None:
        """Do what is to be done at certain times."""
        monitor = self._monitor
        monitor.jobs.look()
        self._delivery.look()
        self._preemption.look()
        self._deaths.look()
        self._postponed.look()
        monitor.adapt_waiting()
        now = time.monotonic()
        self._next_look_s = now + _LOOK_S
        if self._end is not None and now >= self._end:
            self._outcome = Outcome("timeout", TIMEOUT_STATUS)
        elif is_idle:  # else what is waited for may have come already
            self._disagreement.overdue()

    def _forward(self, sent: Signal) -> None:
        """Pass a signal sent to mvx on to the program; what the terminal or the program sent
        reached it already.
        """
        from_terminal = sent.code == kernel.SI_KERNEL
        if from_terminal and not jobs.is_for_session(sent.number):
            return
        if not from_terminal and sent.sender in self._monitor.tasks:
            return
        if sent.number == signal.SIGCONT:
            return  # its effect is over; see Jobs
        leaders = [task for task in self._monitor.tasks.values() if task.is_leader]
        if not leaders:
            self._outcome = Outcome("signaled", sent.number)
            return
        assert self._root is not None
        process = (
            self._root.process if self._root.process in self._monitor.tasks else leaders[0].process
        )
        receivers = [process]
        if self._delivery.ballots is not None:
            receivers += [task.process for task in self._monitor.tasks[process].set.tasks.values()]
        for receiver in dict.fromkeys(receivers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(receiver, sent.number)

    def _serve_one(self, tid: int, status: int) -> None:
        try:
            if self._stopped(tid, status):
                self._stops.keep()
        except TaskGoneError as error:
            self._gone(error.args[0])
        except OSError as error:
            if self._is_any_dead(tid):
                return  # the same: its memory is gone
            if error.errno != errno.EIO or tid not in self._monitor.tasks:
                raise
            # It has written gs (WRGSBASE), and the kernel does not take such an address from us.
            self._monitor.diverged("integrity", self._monitor.tasks[tid], str(error))

    def _is_any_dead(self, tid: int) -> bool:
        """Whether a task, or one that corresponds to it in another variant, has been killed. Its
        memory goes a little before it is seen to be dead.
        """
        task = self._monitor.tasks.get(tid)
        others = [other.tid for other in task.set.tasks.values()] if task is not None else []
        end_s = time.monotonic() + _DYING_S
        while not any(kernel.is_dead(other) for other in (tid, *others)):
            if time.monotonic() >= end_s:
                return False
            time.sleep(_DYING_S / 20)
        return True

    def _gone(self, tid: int) -> None:
        """A task was killed while it was worked on: its end will be reported, unless whoever waited
        for its next stop has got that already.
        """
        task = self._monitor.tasks.get(tid)
        if task is not None and task.status is not None:
            self._monitor.count(task, "end")
            self._ended(task, task.status)

    def _stopped(self, tid: int, status: int) -> bool:
        """Do what a stop asks for. Whether it was a trap that Stops has learnt, and nothing else
        has happened.
        """
        task = self._monitor.tasks.get(tid)
        if task is not None and task.variant.dropped and os.WIFSTOPPED(status):
            return False  # SIGKILL was sent
        if self._monitor.trace is not None and task is not None:
            self._monitor.trace.stopped(task, status)
        if not os.WIFSTOPPED(status):
            if task is not None:
                self._monitor.count(task, "end")
                self._ended(task, status)
            else:
                self._monitor.parent_ended(tid)
            return False
        if task is None:
            self._processes.births.appeared(tid)
            return False
        if status >> 8 == kernel.SECCOMP_STOP and not (task.unblocked or task.entering):
            is_plain = self._traps.stopped(task)
        else:
            is_plain = False
            self._serve(task, status >> 8 & 0xFF, status >> 16)
        interrupts.renew(task)
        return is_plain

    def _serve(self, task: Task, number: int, event: int) -> None:
        if event == kernel.EVENT_STOP and number == signal.SIGTRAP and task.unblocked:
            kernel.resume(task.tid)  # at an interrupt: the expected signal is still to come
            task.reasons = Reason.NONE
            return
        if task.unblocked and (event or number == kernel.SYSCALL_STOP):
            # The expected signal did not stop the task first: somebody else took it.
            task.unblocked = 0
            self._processes.done(task.set)
        if task.entering:
            task.entering = False
            if not event and number == signal.SIGTRAP:
                self._monitor.count(task, "signal")
                self._delivery.unblocked.entered(task)
                return
        if event == kernel.EVENT_SECCOMP:
            self._traps.stopped(task)
        elif event == kernel.EVENT_STOP:
            self._monitor.count(task, "birth" if task.birth is not None else "group")
            if number != signal.SIGTRAP:
                self._monitor.jobs.stopped(task, number)
            elif task.birth is not None and task.space is not None and not task.on_exit_stop:
                self._processes.births.start(task)
            else:
                self._interrupted(task)
        elif event == kernel.EVENT_EXEC:
            self._monitor.count(task, "exec")
            self._processes.executed(task)
        elif event in (kernel.EVENT_FORK, kernel.EVENT_VFORK, kernel.EVENT_CLONE):
            self._monitor.count(task, "birth")
            self._processes.births.born(task)
            self._deaths.born(task)
        elif number == kernel.SYSCALL_STOP:
            self._monitor.count(task, "exit")
            at_exit, task.on_exit_stop = task.on_exit_stop, None
            if at_exit is None:
                kernel.resume(task.tid)
            else:
                at_exit(task, kernel.registers(task.tid))
        elif number == signal.SIGTRAP and breakpoints.is_breakpoint(task.tid):
            kernel.resume(task.tid)
        elif self._postponed.come_before(task, number) or (
            number == signal.SIGTRAP and self._monitor.atomic_trapped(task)
        ):
            self._monitor.count(task, "signal")
        else:
            self._monitor.count(task, "signal")
            self._delivery.arrived(task, number)

    def _interrupted(self, task: Task) -> None:
        """A task stopped at an interrupt, or to go on after a group stop."""
        reasons = interrupts.taken(task)
        if self._monitor.jobs.continued(task) or self._monitor.jobs.holds(task):
            return
        self._delivery.interrupted(task)
        if Reason.DELIVERY in reasons:
            task.reasons = reasons & Reason.TURN
            self._delivery.stopped(task)
        elif Reason.TURN in reasons:
            self._preemption.stopped(task)
        elif Reason.POSTPONED in reasons:
            self._postponed.stopped(task)
        else:
            kernel.resume(task.tid)

    # Ends

    def _ended(self, task: Task, status: int) -> None:
        monitor = self._monitor
        task.status = status
        task.state = State.ENDED
        monitor.jobs.ended(task)
        monitor.tasks.pop(task.tid, None)
        shares = task.space is not None and task.space.turns.joined
        monitor.leave(task)
        self._delivery.ended(task)
        if task.variant.dropped:
            monitor.arenas.abandon(task.variant.index)  # its last writes may have come later
            return
        task_set = task.set
        task_set.gathered.pop(task.variant.index, None)
        others = [other for other in task_set.tasks.values() if other.state is not State.ENDED]
        if self._root is not None and task.tid == self._root.process:
            self._root_status = status
        if task.is_leader and os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number in _CRASHES and task.tid == task.process:
                self._crashed(task, number)
            if others and number not in (signal.SIGKILL, monitor.dying.get(task.process)):
                # Not by a signal that the supervisor let through: the kernel's judgement of this
                # variant alone.
                name = signal.Signals(number).name
                reason = f"the kernel killed the leader with {name}"
                self._disagreement.diverged("death", task, reason, suspects=frozenset({0}))
            for other in others:
                self._deaths.follow(other, shares=shares)
        elif not task.is_leader and os.WIFSIGNALED(status):
            leader = task_set.tasks[0]
            if leader.status is None:
                name = signal.Signals(os.WTERMSIG(status)).name
                reason = f"variant {task.variant.index} was killed by {name}"
                monitor.expect(task_set, 1.0, reason, {task.variant.index})
        elif others and task_set.deadline is None and task.status is not None:
            reason = f"variant {task.variant.index} ended, others of its task set did not"
            monitor.expect(task_set, self._options.watchdog_s, reason, {task.variant.index})
        monitor.retire(task_set)

    def _crashed(self, task: Task, number: int) -> None:
        """A process has crashed, in all variants as far as is known."""
        if self._options.on_crash == "ignore" or sys.stderr is None:
            return
        name = signal.Signals(number).name
        sys.stderr.write(f"mvx: process {task.set.process} crashed in all variants: {name}\n")
        if self._options.on_crash == "stop":
            self._stop(Outcome("divergence", DIVERGENCE_STATUS))

    def _regathered(self, task_set: TaskSet) -> None:
        """A variant was dropped: those that it was waited for may be complete."""
        leader = task_set.gathered.get(0)
        if leader is not None:
            is_native = leader.request[0] == list(REQUESTS).index("NATIVE")
            (self._processes.native if is_native else self._delivery.meetings.gather)(leader)

    def _stop(self, outcome: Outcome) -> None:
        if self._outcome is None:
            self._outcome = outcome


def _earliest(*timeouts: float | None) -> float | None:
    return min((timeout for timeout in timeouts if timeout is not None), default=None)
