"""What happens when variants disagree: nothing, by a rule; the minority is dropped; or the end."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Final

from mvx import kernel
from mvx.judge import Judge
from mvx.kernel import Registers, TaskGoneError
from mvx.layout import DIVERGENCES
from mvx.outcome import DIVERGENCE_STATUS, Outcome
from mvx.quorum import Quorum

if TYPE_CHECKING:
    from collections.abc import Callable

    from mvx.monitor import Monitor
    from mvx.tasks import Task, TaskSet

_DIVERGENCES: Final = list(DIVERGENCES)
_KINDS: Final = {"CALL": "call", "ARGUMENT": "argument", "CONTENT": "argument", "ORDER": "call"}
_NO_ARGUMENT: Final = -1
_REVIEW_S: Final = 0.002
"""How often is looked whether the others have voted; their agents do not stop for it."""


class Disagreement:
    """Takes every disagreement of one run."""

    def __init__(
        self,
        monitor: Monitor,
        regathered: Callable[[TaskSet], None],
        stop: Callable[[Outcome], None],
    ) -> None:
        """`stop` ends the run; `regathered`: see :class:`Quorum`."""
        self._monitor = monitor
        self._stop = stop
        self._stopped = False
        self.judge = Judge(monitor)
        self._quorum = Quorum(monitor, regathered)

    def differs(self, task: Task, current: Registers) -> None:
        """A follower's agent has found a difference; it stands at the control gate."""
        word = _DIVERGENCES[current.rsi] if current.rsi < len(_DIVERGENCES) else "INTEGRITY"
        kind = _KINDS.get(word, word.lower())
        may_be_none = word in {"CALL", "ARGUMENT", "CONTENT"} and not task.is_leader
        if may_be_none:
            verdict = self.judge.verdict(task, _NO_ARGUMENT if word == "CALL" else current.rdx)
            if verdict:
                kernel.go_on(task.tid, current, verdict)
                return
        if self._monitor.ordering is not None:
            self._monitor.ordering.diverged(task)
        summary = DIVERGENCES["ORDER"] if word == "ORDER" else ""
        argument, offset = current.rdx, current.r10

        def report() -> None:
            self._report(kind, task, summary, argument, offset, stop=False)

        if task.is_leader or not self._quorum.disagree(task, report):
            self._end(kind, task, summary, argument, offset)

    def late(self, task: Task, variant: int) -> None:
        """A leader has waited for a follower as long as the watchdog allows."""
        if self._monitor.jobs.was_paused():
            kernel.resume(task.tid)  # it looks again
            return
        reason = f"variant {variant} did not arrive at the call in time"
        self.diverged("timeout", task, reason, suspects=frozenset({variant}))
        if not self._stopped:
            kernel.resume(task.tid)  # it looks again

    def overdue(self) -> None:
        """Decide what was waited for long enough, and what has been voted on."""
        monitor = self._monitor
        for task_set in list(self._quorum.disputes):
            if not self._quorum.review(task_set):
                self._lost(task_set)
        now = time.monotonic()
        for task_set in list(monitor.deadlines):
            if monitor.jobs.is_stopped(task_set):
                continue
            if task_set.deadline is not None and now >= task_set.deadline:
                monitor.relax(task_set)
                if task_set.tasks:
                    task = next(iter(task_set.tasks.values()))
                    suspects = task_set.suspects
                    self.diverged("death", task, task_set.deadline_reason, suspects=suspects)

    def timeout(self, otherwise: float) -> float:
        """Seconds until :meth:`overdue` may have something to do, at most `otherwise`."""
        return min(otherwise, _REVIEW_S) if self._quorum.disputes else otherwise

    def diverged(
        self,
        kind: str,
        task: Task,
        summary: str,
        *,
        suspects: frozenset[int] = frozenset(),
    ) -> None:
        """The variants disagree; `suspects` are those that are to blame, where that is known."""
        if self._stopped:
            return
        if kind == "result" and not task.is_leader:
            suspects = frozenset({task.variant.index})

        def report() -> None:
            self._report(kind, task, summary, _NO_ARGUMENT, 0, stop=False)

        if not suspects or not self._quorum.suspect(task.set, suspects, report):
            self._end(kind, task, summary, _NO_ARGUMENT, 0)

    def _lost(self, task_set: TaskSet) -> None:
        """The votes are in, and the leader has lost."""
        for task in task_set.tasks.values():
            if task.variant.index in task_set.dissenters:
                self._end("call", task, "", _NO_ARGUMENT, 0)
                return

    def _end(self, kind: str, task: Task, summary: str, argument: int, offset: int) -> None:
        """Stop everything, before the effect, and say why."""
        if self._stopped:
            return
        self._stopped = self._monitor.is_over = True
        self._stop(Outcome("divergence", DIVERGENCE_STATUS))
        if self._monitor.trace is not None:
            self._monitor.trace.note(task, f"divergence: {summary or kind}")
        for other in self._monitor.tasks.values():
            with contextlib.suppress(TaskGoneError, OSError):
                kernel.ptrace(kernel.PTRACE_INTERRUPT, other.tid)
        self._report(kind, task, summary, argument, offset, stop=True)

    def _report(
        self, kind: str, task: Task, summary: str, argument: int, offset: int, *, stop: bool
    ) -> None:
        from mvx.verdict import Collector

        hears = kind in {"call", "argument"}
        collector = Collector(self._monitor, hears=hears)
        collector.report(kind, task, summary, argument, offset, stop=stop)
