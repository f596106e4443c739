"""The supervisor: one event loop over the ptrace stops of every task of every variant.

Most stops are traps: a call from a place that the filter does not let through. The supervisor skips
the call (``orig_rax = -1``) and points rip at the agent's entry, with rcx = return address and rax
= number: the agent then treats it exactly as a call from a patched site. Calls that each variant
makes for itself are checked and let go at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import struct
import sys
import time
from typing import Final

from mvx import (
    breakpoints,
    calls,
    entry,
    errors,
    interrupts,
    jobs,
    kernel,
    launch,
    slices,
    turns,
    verification,
    vsyscall,
    waiting,
)
from mvx.deaths import Deaths
from mvx.delivery import Delivery
from mvx.disagreement import Disagreement
from mvx.instructions import Instructions
from mvx.interrupts import Reason
from mvx.kernel import MASK, Registers, TaskGoneError
from mvx.layout import REQUESTS
from mvx.local import Local
from mvx.masks import open_signals
from mvx.monitor import Monitor
from mvx.options import Options
from mvx.outcome import DIVERGENCE_STATUS, FAILURE_STATUS, TIMEOUT_STATUS, Outcome
from mvx.preemption import Preemption
from mvx.processes import Processes
from mvx.tasks import State, Task, TaskSet, Variant

_REQUESTS: Final = list(REQUESTS)
_CAP_SYS_ADMIN: Final = 21
_TICK_S: Final = 0.25
_CRASHES: Final = frozenset({4, 5, 6, 7, 8, 11, 31})
"""SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS."""
_TRACED: Final = _REQUESTS.index("TRACED")
_STALLED: Final = _REQUESTS.index("STALLED")
_JOINED: Final = _REQUESTS.index("JOINED")
_FETCH: Final = _REQUESTS.index("FETCH")
_CHANGED: Final = _REQUESTS.index("CHANGED")
_REREAD: Final = _REQUESTS.index("REREAD")
_TOLD: Final = _REQUESTS.index("TOLD")
_WAITED: Final = _REQUESTS.index("WAITED")


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
        self._local = Local(self._monitor)
        self._disagreement = Disagreement(self._monitor, self._regathered, self._stop)
        self._monitor.diverged = self._disagreement.diverged
        self._vsyscalls = vsyscall.Vsyscalls(self._monitor)
        instructions = Instructions(self._monitor)
        self._monitor.serve = self._stopped
        self._monitor.native_done = self._processes.done
        self._monitor.sigreturn_done = self._delivery.sigreturn_done
        self._monitor.emulate = instructions.emulate
        if options.trace is not None:
            from mvx.trace import Trace

            self._monitor.trace = Trace(options.trace, self._monitor)
        self._outcome: Outcome | None = None
        self._root: TaskSet | None = None
        self._root_status: int | None = None
        self._signals = jobs.FORWARDED | {signal.SIGCHLD}
        self._end = time.monotonic() + options.timeout_s if options.timeout_s else None

    def run(self) -> Outcome:
        """Start the variants and serve their stops until the end."""
        self._start()
        monitor = self._monitor
        while monitor.tasks and self._outcome is None:
            try:
                tid, status = os.waitpid(-1, kernel.WALL | os.WNOHANG)
            except ChildProcessError:
                break
            if tid == 0:
                self._idle()
                continue
            try:
                self._stopped(tid, status)
            except TaskGoneError:
                continue  # killed in the midst of it; its end will be reported
            except OSError:
                if not kernel.is_dead(tid):  # else the same: its memory is gone
                    raise
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
        for parent in self._monitor.parents:
            os.kill(parent, signal.SIGKILL)
            os.waitpid(parent, 0)
        self._monitor.parents.clear()
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
        privileged = launch.has_capability(_CAP_SYS_ADMIN)
        pending: list[launch.Started] = []
        name = os.fsencode(self._options.program) if self._options.programs else b""
        for variant in self._monitor.variants:
            content = self._monitor.filter(variant)
            started = self._launch(variant, content, privileged=privileged)
            pid = started.pid
            if self._root is None:
                self._root = self._monitor.new_set(pid, pid)
                self._monitor.first_process = pid
            self._monitor.add_task(Task(pid, pid, variant, self._root, program=name))
            pending.append(started)
        for started in pending:
            self._serve_until_started(started.pid, started.error)
        slices.shorten()

    def _launch(self, variant: Variant, content: bytes, *, privileged: bool) -> launch.Started:
        """Start a variant; a follower in a PID namespace of its own where that is wanted and can be
        had.
        """
        options = self._options
        path = self._monitor.programs.first(variant.index)
        if path != options.program:
            options = dataclasses.replace(options, program=path)
        number = self._root.process if self._root is not None else 0
        if number and options.pids != "translate":
            try:
                started = launch.start(
                    options, variant.index, content, privileged=privileged, number=number
                )
            except OSError as error:
                if options.pids == "namespace":
                    message = f"no PID namespace for variant {variant.index}: {error.strerror}"
                    raise errors.KernelLacks(message, fix="use --pids=translate") from error
            else:
                variant.namespace = True
                variant.parent = started.parent
                self._monitor.parents.append(started.parent)
                return started
        return launch.start(options, variant.index, content, privileged=privileged)

    def _serve_until_started(self, pid: int, error: int) -> None:
        """Serve stops until the first process has executed the program, or could not."""
        task = self._monitor.tasks.get(pid)
        while task and task.variant.launching and pid in self._monitor.tasks and not self._outcome:
            tid, status = os.waitpid(-1, kernel.WALL)
            with contextlib.suppress(TaskGoneError):
                self._stopped(tid, status)
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

    def _idle(self) -> None:
        """Nothing stopped: sleep until a child changes, a signal comes, or a deadline."""
        monitor = self._monitor
        timeout = _TICK_S if monitor.deadlines or self._end is not None else 3600.0
        timeout = self._disagreement.timeout(timeout)
        if monitor.waiting.watches:
            timeout = min(timeout, waiting.LOOK_S)
        soon = _earliest(
            self._delivery.timeout(),
            self._preemption.timeout(),
            self._deaths.timeout(),
            monitor.jobs.timeout(),
        )
        timeout = timeout if soon is None else min(timeout, soon)
        start = time.monotonic()
        information = signal.sigtimedwait(self._signals, timeout)
        monitor.jobs.waited(timeout, time.monotonic() - start)
        monitor.jobs.look()
        self._delivery.look()
        self._preemption.look()
        self._deaths.look()
        monitor.adapt_waiting()
        if information is not None and information.si_signo != signal.SIGCHLD:
            self._forward(information)
        now = time.monotonic()
        if self._end is not None and now >= self._end:
            self._outcome = Outcome("timeout", TIMEOUT_STATUS)
            return
        self._disagreement.overdue()

    def _forward(self, information: signal.struct_siginfo) -> None:
        """Pass a signal sent to mvx on to the program; what the terminal or the program sent
        reached it already.
        """
        from_terminal = information.si_code == kernel.SI_KERNEL
        if from_terminal and not jobs.is_for_session(information.si_signo):
            return
        if not from_terminal and information.si_pid in self._monitor.tasks:
            return
        if information.si_signo == signal.SIGCONT:
            return  # its effect is over; see Jobs
        leaders = [task for task in self._monitor.tasks.values() if task.is_leader]
        if not leaders:
            self._outcome = Outcome("signaled", information.si_signo)
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
                os.kill(receiver, information.si_signo)

    def _stopped(self, tid: int, status: int) -> None:
        task = self._monitor.tasks.get(tid)
        if task is not None and task.variant.dropped and os.WIFSTOPPED(status):
            return  # SIGKILL was sent
        if self._monitor.trace is not None and task is not None:
            self._monitor.trace.stopped(task, status)
        if not os.WIFSTOPPED(status):
            if task is not None:
                self._count(task, "end")
                self._ended(task, status)
            return
        if task is None:
            self._processes.births.appeared(tid)
            return
        self._serve(task, status >> 8 & 0xFF, status >> 16)
        interrupts.renew(task)

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
                self._count(task, "signal")
                self._delivery.entered(task)
                return
        if event == kernel.EVENT_SECCOMP:
            self._seccomp(task)
        elif event == kernel.EVENT_STOP:
            self._count(task, "birth" if task.birth is not None else "group")
            if number != signal.SIGTRAP:
                self._monitor.jobs.stopped(task, number)
            elif task.birth is not None and task.space is not None and not task.on_exit_stop:
                self._processes.births.start(task)
            else:
                self._interrupted(task)
        elif event == kernel.EVENT_EXEC:
            self._count(task, "exec")
            self._processes.executed(task)
        elif event in (kernel.EVENT_FORK, kernel.EVENT_VFORK, kernel.EVENT_CLONE):
            self._count(task, "birth")
            self._processes.births.born(task)
            self._deaths.born(task)
        elif number == kernel.SYSCALL_STOP:
            self._count(task, "exit")
            at_exit, task.on_exit_stop = task.on_exit_stop, None
            if at_exit is None:
                kernel.resume(task.tid)
            else:
                at_exit(task, kernel.registers(task.tid))
        elif number == signal.SIGTRAP and breakpoints.is_breakpoint(task.tid):
            kernel.resume(task.tid)
        elif number == signal.SIGTRAP and self._monitor.atomic_trapped(task):
            self._count(task, "signal")
        elif number != signal.SIGTRAP or not entry.reached(task):
            self._count(task, "signal")
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
        else:
            kernel.resume(task.tid)

    def _count(self, task: Task, kind: str) -> None:
        self._monitor.statistics.stop(task.variant.index, kind)

    # Traps

    def _seccomp(self, task: Task) -> None:
        if task.variant.launching or task.space is None:
            self._count(task, "launch")
            kernel.resume(task.tid)
            return
        current = kernel.registers(task.tid)
        offset = current.rip - task.variant.base
        offsets = self._monitor.image.offsets
        if offset == offsets["gate_control"]:
            self._count(task, "control")
            self._control(task, current)
        elif offset in (
            offsets["gate_traced"],
            offsets["gate_interruptible"],
            offsets["gate_plain"],
        ):
            self._count(task, "verified")
            self._verify(task, current)
        elif vsyscall.is_entry(current.rip):
            self._vsyscalls.answer(task, current)
        elif kernel.event_message(task.tid):
            self._foreign(task, current)
        elif self._is_local(task, current):
            self._count(task, "local")
            self._local.call(task, current)
        else:
            self._redirect(task, current)

    def _is_local(self, task: Task, current: Registers) -> bool:
        """Whether a call goes on at once: a local one, unless it goes through the agent so that the
        trace learns its result, or to be compared, or because the agent places the file.
        """
        local = self._local
        if not local.is_local(current.orig_rax) or self._monitor.trace is not None:
            return False
        return not local.shares(task, current) and not local.is_placed_by_agent(current)

    def _redirect(self, task: Task, current: Registers) -> None:
        """Send a trapped call into the agent."""
        number = current.orig_rax
        self._monitor.sites.trapped(task, current)
        self._count(task, "trap")
        current.rcx = current.rip
        current.rip = task.variant.base + self._monitor.image.offsets["enter_call"]
        current.rax = number
        current.orig_rax = MASK
        kernel.set_registers(task.tid, current)
        kernel.resume(task.tid)

    def _foreign(self, task: Task, current: Registers) -> None:
        """A 32-bit entry or an x32 number: refused with ENOSYS."""
        self._monitor.warn(
            "foreign",
            f"call {current.orig_rax:#x} by the 32-bit or x32 entry refused (ENOSYS)",
        )
        current.orig_rax = MASK
        current.rax = -38 & MASK
        kernel.set_registers(task.tid, current)
        kernel.resume(task.tid)

    def _verify(self, task: Task, current: Registers) -> None:
        """A call at the traced gate, or one that the filter does not let through at the others."""
        if self._local.is_local(current.orig_rax):
            self._local.call(task, current)
            return
        own, task.own_call = task.own_call, -1
        if own == current.orig_rax or self._monitor.handover.is_step(task, current):
            kernel.resume(task.tid)
            return
        reason = verification.objection(self._monitor, task, current)
        if reason:
            self._disagreement.diverged("integrity", task, reason)
            return
        if self._delivery.ballots is not None:
            self._delivery.ballots.called(current)
        if self._monitor.timers.is_every(current):
            self._monitor.timers.call(task, current)
            return
        kernel.resume(task.tid)

    def _control(self, task: Task, current: Registers) -> None:
        """A request of the agent (hostile input: bound everything)."""
        if task.birth_frame is not None:
            self._processes.births.retried(task, current)
            return
        if (
            current.rdi in (_STALLED, _JOINED)
            or (current.rdi == _TRACED and self._monitor.trace is not None)
            or current.rdi == _TOLD
        ):
            if current.rdi == _STALLED:
                self._preemption.stalled(task)
            elif current.rdi == _JOINED:
                turns.joined(task)
            elif current.rdi == _TOLD:
                calls.tell(self._monitor, current.rsi)
            kernel.resume(task.tid)
            return
        if task.is_leader:
            open_signals(task)
        ballots = self._delivery.ballots
        if current.rdi == _WAITED and ballots is not None and ballots.expired(task):
            return
        task.registers = current
        if current.rdi == _FETCH:
            self._fetch(task, current)
            return
        if current.rdi in (_CHANGED, _REREAD):
            self._touched(task, current)
            return
        task.request = (current.rdi, current.rsi, current.rdx, current.r10)
        request = _REQUESTS[current.rdi] if current.rdi < len(_REQUESTS) else ""
        if request == "NATIVE":
            self._processes.native(task)
        elif request == "SIGNAL":
            self._delivery.gather(task)
        elif request == "DIVERGED":
            self._disagreement.differs(task, current)
        elif request == "TIMEOUT":
            self._disagreement.late(task, current.rsi)
        else:
            self._disagreement.diverged(
                "integrity", task, f"unknown request {current.rdi:#x} at the control gate"
            )

    def _fetch(self, task: Task, current: Registers) -> None:
        """A descriptor is asked for."""
        monitor = self._monitor
        if task.is_leader:
            answer: int | None = monitor.views.fetch(task, current.rsi, current.rdx & 0xFFFFFFFF)
        else:
            answer = monitor.copies.fetch(task, current.rsi)
        if answer is None:
            reason = f"variant {task.variant.index} maps a file that the leader has not mapped"
            self._disagreement.diverged("integrity", task, reason)
            return
        current.rax, current.orig_rax = answer & MASK, MASK
        kernel.set_registers(task.tid, current)
        kernel.resume(task.tid)

    def _touched(self, task: Task, current: Registers) -> None:
        """The leader has changed a file of which there are copies, or is about to read one that was
        made for it.
        """
        if task.is_leader and current.rdi == _CHANGED:
            number, result = kernel.signed(current.rsi), kernel.signed(current.rdx)
            self._monitor.copies.changed(task, number, result)
        elif task.is_leader:
            number = current.rsi & 0xFFFFFFFF
            self._monitor.views.reread(task, number, is_start=bool(current.rdx))
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
            is_native = leader.request[0] == _REQUESTS.index("NATIVE")
            (self._processes.native if is_native else self._delivery.gather)(leader)

    def _stop(self, outcome: Outcome) -> None:
        if self._outcome is None:
            self._outcome = outcome


def _earliest(*timeouts: float | None) -> float | None:
    return min((timeout for timeout in timeouts if timeout is not None), default=None)
