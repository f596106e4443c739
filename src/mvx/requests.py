"""Requests of the agents, at the control gate. All that comes with them is hostile input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mvx import calls, kernel, mounts, turns
from mvx.kernel import Registers
from mvx.layout import REQUESTS
from mvx.masks import open_signals

if TYPE_CHECKING:
    from mvx.delivery import Delivery
    from mvx.disagreement import Disagreement
    from mvx.monitor import Monitor
    from mvx.postponed import Postponed
    from mvx.preemption import Preemption
    from mvx.processes import Processes
    from mvx.tasks import Task

_REQUESTS: Final = list(REQUESTS)
_TRACED: Final = _REQUESTS.index("TRACED")
_STALLED: Final = _REQUESTS.index("STALLED")
_JOINED: Final = _REQUESTS.index("JOINED")
_FETCH: Final = _REQUESTS.index("FETCH")
_PASSED: Final = _REQUESTS.index("PASSED")
_MOUNTS: Final = _REQUESTS.index("MOUNTS")
_CHANGED: Final = _REQUESTS.index("CHANGED")
_REREAD: Final = _REQUESTS.index("REREAD")
_SENT: Final = _REQUESTS.index("SENT")
_RECEIVED: Final = _REQUESTS.index("RECEIVED")
_POSTPONES: Final = _REQUESTS.index("POSTPONES")
_COUNTER: Final = _REQUESTS.index("COUNTER")
_TOLD: Final = _REQUESTS.index("TOLD")
_WAITED: Final = _REQUESTS.index("WAITED")


class Requests:
    """Does what agents ask for."""

    def __init__(
        self,
        monitor: Monitor,
        processes: Processes,
        delivery: Delivery,
        preemption: Preemption,
        disagreement: Disagreement,
        postponed: Postponed,
    ) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._processes = processes
        self._delivery = delivery
        self._preemption = preemption
        self._disagreement = disagreement
        self._postponed = postponed

    def asked(self, task: Task, current: Registers) -> None:
        """A task is stopped at the control gate, with these registers."""
        if task.birth_frame is not None:
            self._processes.births.retried(task, current)
            return
        if current.rdi in (_STALLED, _JOINED, _TOLD, _COUNTER, _POSTPONES) or (
            current.rdi == _TRACED and self._monitor.trace is not None
        ):
            if current.rdi == _STALLED:
                self._preemption.stalled(task)
            elif current.rdi == _JOINED:
                turns.joined(task)
            elif current.rdi == _POSTPONES:
                self._postponed.begins(task)
            elif current.rdi == _COUNTER:
                self._monitor.timestamps.asked(task)
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
        if current.rdi in (_SENT, _RECEIVED):
            self._pointer(task, current)
            return
        if current.rdi == _FETCH:
            self._fetch(task, current)
            return
        if current.rdi in (_CHANGED, _REREAD, _PASSED):
            self._touched(task, current)
            return
        if current.rdi == _MOUNTS and not task.is_leader:
            mounts.join(self._monitor, task, in_call=True)
            kernel.resume(task.tid)
            return
        task.request = (current.rdi, current.rsi, current.rdx, current.r10)
        request = _REQUESTS[current.rdi] if current.rdi < len(_REQUESTS) else ""
        if request == "NATIVE":
            self._processes.native(task)
        elif request == "SIGNAL":
            self._delivery.meetings.gather(task)
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
        kernel.go_on(task.tid, current, answer)

    def _pointer(self, task: Task, current: Registers) -> None:
        """A pointer goes into a pipe, or one comes out."""
        pointers = self._monitor.pointers
        if current.rdi == _SENT:
            current.rax = pointers.sent(task, current.rsi, current.rdx)
        else:
            current.rax = pointers.received(task, current.rsi)
        kernel.go_on(task.tid, current)

    def _touched(self, task: Task, current: Registers) -> None:
        """The leader has changed a file of which there are copies, is about to read one that was
        made for it, or passes memory to another process.
        """
        if task.is_leader and current.rdi == _CHANGED:
            number, result = kernel.signed(current.rsi), kernel.signed(current.rdx)
            self._monitor.copies.changed(task, number, result)
        elif task.is_leader and current.rdi == _PASSED:
            self._monitor.copies.passed(task, current.rsi & 0xFFFFFFFF)
        elif task.is_leader:
            number = current.rsi & 0xFFFFFFFF
            self._monitor.views.reread(task, number, is_start=bool(current.rdx))
        kernel.resume(task.tid)
