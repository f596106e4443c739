"""Job control: the program's stops are those of all variants, and of mvx.

Facts: a group stop of a seized task is a PTRACE_EVENT_STOP with the stopping signal; with
PTRACE_LISTEN it stays stopped for its parent and still sees SIGCONT, which shows as another
PTRACE_EVENT_STOP with SIGTRAP (ptrace(2), PTRACE_SEIZE). The terminal sends its signals to the
foreground process group, to which mvx and the leader belong until the program makes groups of its
own.

Only the leader's processes are stopped by the kernel. The followers' tasks are interrupted, and
held as long as the leader's task is stopped when they are as far as that (standstill.py). mvx does
not stop by the terminal's signals itself: the program may handle them, and mvx must be there to
deliver them. When the program's first process is stopped, mvx stops by the same signal, so that the
shell sees what it would see natively. Only a stop by somebody outside, who can name the process, is
not mvx's: who continues it then names the process again, and a stopped mvx could not see that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Final

from mvx import interrupts, kernel
from mvx.interrupts import Reason
from mvx.kernel import TaskGoneError
from mvx.standstill import Standstill
from mvx.tasks import State, Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor

FORWARDED: Final = frozenset(
    {
        *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM),
        *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF),
        *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT, signal.SIGWINCH),
        *(signal.SIGURG, signal.SIGIO, signal.SIGPWR),
        *range(signal.SIGRTMIN, signal.SIGRTMAX + 1),
    }
)
"""What is passed on to the program. Not the others: they are about mvx itself (faults, SIGABRT,
SIGPIPE, its own limits), or cannot be caught.
"""
_JOB: Final = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})
_CONTINUE_S: Final = 0.05
"""How long the program's own SIGCONT may take after that of mvx, before mvx sends it one."""
_GAP_S: Final = 0.5
"""A wait that took so much longer than it should: mvx was stopped."""


class Jobs:
    """The stopped tasks of one run."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._standstill = Standstill(monitor)
        self._since: dict[Task, float] = {}
        """Leader's tasks that are stopped, and since when."""
        self._ours: set[int] = set()
        """Processes that the terminal, the program itself or mvx told to stop; not outsiders."""
        self._continue_at: float | None = None
        self._first: Task | None = None
        """The stopped task of the first process, which SIGCONT may have to be sent to."""
        self._paused_until = 0.0
        """When something was last stopped: whoever was waited for until then is not late."""

    # Stops

    def stops(self, task: Task, code: int, sender: int) -> None:
        """A leader's process is about to be stopped by a signal with that si_code and si_pid."""
        own = code == kernel.SI_KERNEL or sender == os.getpid() or sender in self._monitor.tasks
        (self._ours.add if own else self._ours.discard)(task.process)

    def stopped(self, task: Task, number: int) -> None:
        """A task is in group stop, or already was."""
        if not task.is_leader:
            # Somebody outside stopped a follower: it goes on with the leader only.
            with contextlib.suppress(ProcessLookupError):
                os.kill(task.process, signal.SIGCONT)
            kernel.ptrace(kernel.PTRACE_LISTEN, task.tid)
            return
        if task not in self._since and not self._standstill.stays(task):
            kernel.resume(task.tid)
            return
        kernel.ptrace(kernel.PTRACE_LISTEN, task.tid)
        if task in self._since:
            return
        task.state = State.STOPPED
        self._since[task] = time.monotonic()
        for follower in task.set.tasks.values():
            if not follower.is_leader:
                interrupts.ask(follower, Reason.JOB)
        if task.tid == self._monitor.first_process and task.process in self._ours:
            self._first = task
            self._stop_self(number)

    def holds(self, task: Task) -> bool:
        """Whether a follower that stopped at an interrupt is to stay so."""
        leader = task.set.tasks.get(0)
        if task.is_leader or leader is None or leader.state is not State.STOPPED:
            return False
        if not self._standstill.holds(task):
            return False
        task.state = State.STOPPED
        return True

    def lend(self, task: Task) -> None:
        """Somebody waits for the turn that a stopped task of the leader has."""
        self._standstill.lend(task)

    def continued(self, task: Task) -> bool:
        """A leader's task stopped without a stopping signal: whether that ends its group stop."""
        since = self._since.pop(task, None)
        if since is None:
            return False
        task.state = State.RUNNING
        self._pause(task.set, since)
        if task is self._first:
            self._first = self._continue_at = None
        self._standstill.continues(task)
        kernel.resume(task.tid)
        for follower in task.set.tasks.values():
            if follower.state is State.STOPPED and not follower.is_leader:
                follower.state = State.RUNNING
                with contextlib.suppress(TaskGoneError):
                    kernel.resume(follower.tid)
        return True

    def ended(self, task: Task) -> None:
        """A task is gone."""
        since = self._since.pop(task, None)
        if since is not None:
            self._pause(task.set, since)
        if task is self._first:
            self._first = self._continue_at = None

    # Time that does not count

    def is_stopped(self, task_set: TaskSet) -> bool:
        """Whether a task set cannot come together now."""
        return task_set.tasks.get(0) in self._since

    def was_paused(self) -> bool:
        """Whether something was stopped while an agent waited as long as the watchdog allows."""
        return time.monotonic() < self._paused_until + self._monitor.options.watchdog_s

    def _pause(self, task_set: TaskSet, since_s: float) -> None:
        now = time.monotonic()
        self._paused_until = now
        if task_set.deadline is not None:
            task_set.deadline += now - since_s

    def waited(self, asked_s: float, took_s: float) -> None:
        """The supervisor's own wait is over: when it took too long, mvx was stopped."""
        if took_s < asked_s + _GAP_S:
            return
        self._paused_until = time.monotonic()
        for task_set in self._monitor.deadlines:
            if task_set.deadline is not None:
                task_set.deadline += took_s

    # mvx itself

    def _stop_self(self, number: int) -> None:
        """Stop as the program's first process does, and come back when somebody continues mvx."""
        if number not in _JOB:
            number = signal.SIGSTOP
        start = time.monotonic()
        group = self._program_group()
        had_terminal = group != os.getpgrp() and _foreground() == group
        # Sent while it is blocked: the terminal's own may be pending already, and two would be two
        # stops.
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        signal.pthread_sigmask(signal.SIG_BLOCK, {number} - {signal.SIGSTOP})
        if had_terminal and _foreground() == os.getpgrp():
            # The shell knows only mvx's group; natively it would have been the program's.
            _give_terminal(group)
        # A shell continues the whole group; somebody else, maybe only mvx.
        now = time.monotonic()
        self._continue_at = now + _CONTINUE_S
        self.waited(0.0, now - start)

    def _program_group(self) -> int:
        """The process group of the program's first process."""
        try:
            return os.getpgid(self._monitor.first_process)
        except ProcessLookupError:
            return 0

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        timeouts = [self._standstill.timeout()]
        if self._continue_at is not None:
            timeouts.append(max(0.0, self._continue_at - time.monotonic()))
        return min((seconds for seconds in timeouts if seconds is not None), default=None)

    def look(self) -> None:
        """Stop who is still on its way; continue the program, if nobody else has."""
        self._standstill.look()
        if self._continue_at is None or time.monotonic() < self._continue_at:
            return
        self._continue_at = None
        if self._first is not None and self._first.state is State.STOPPED:
            group = self._program_group()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if group in {0, os.getpgrp()}:
                    os.kill(self._first.process, signal.SIGCONT)
                else:
                    os.killpg(group, signal.SIGCONT)


def is_for_session(number: int) -> bool:
    """Whether the kernel sent a signal only to the leader of the session, which is mvx, and which
    natively would be the program: SIGHUP when the terminal is lost (tty_signal_session_leader in
    drivers/tty/tty_jobctrl.c).
    """
    return number == signal.SIGHUP and os.getsid(0) == os.getpid()


def _foreground() -> int:
    """The foreground process group of the controlling terminal, 0 without one."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return os.tcgetpgrp(terminal)
    except OSError:
        return 0
    finally:
        os.close(terminal)


def _give_terminal(group: int) -> None:
    """Make a process group the terminal's foreground; SIGTTOU is blocked, so that this may be done
    from anywhere.
    """
    terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        os.tcsetpgrp(terminal, group)
    os.close(terminal)
