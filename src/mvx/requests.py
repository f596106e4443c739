"""Requests of the agents, at the control gate. All that comes with them is hostile input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mvx import calls, joining, kernel, turns
from mvx.kernel import Registers
from mvx.layout import REQUESTS
from mvx.masks import open_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from mvx.delivery import Delivery
    from mvx.disagreement import Disagreement
    from mvx.monitor import Monitor
    from mvx.postponed import Postponed
    from mvx.preemption import Preemption
    from mvx.processes import Processes
    from mvx.tasks import Task

    _Serve = Callable[[Task, Registers], None]

_REQUESTS: Final = list(REQUESTS)
_SENT: Final = _REQUESTS.index("SENT")
_CHANGED: Final = _REQUESTS.index("CHANGED")
_PASSED: Final = _REQUESTS.index("PASSED")


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
        self._disagreement = disagreement
        self._notes: dict[str, _Serve] = {
            "STALLED": lambda task, _: preemption.stalled(task),
            "JOINED": lambda task, _: turns.joined(task),
            "TOLD": lambda _, current: calls.tell(monitor, current.rsi),
            "COUNTER": lambda task, _: monitor.timestamps.asked(task),
            "POSTPONES": lambda task, _: postponed.begins(task),
            "TRACED": lambda _, __: None,  # trace.py looks at every stop
        }
        """What a task only says: it goes on at once, whatever state it is in."""
        self._questions: dict[str, _Serve] = {
            "SENT": self._pointer,
            "RECEIVED": self._pointer,
            "FETCH": self._fetch,
            "CHANGED": self._touched,
            "REREAD": self._touched,
            "PASSED": self._touched,
            "NAMESPACES": self._namespaces,
        }
        """What concerns one task, which goes on with an answer."""
        self._meetings: dict[str, _Serve] = {
            "NATIVE": lambda task, _: processes.native(task),
            "SIGNAL": lambda task, _: delivery.meetings.gather(task),
            "DIVERGED": disagreement.differs,
            "TIMEOUT": lambda task, current: disagreement.late(task, current.rsi),
        }
        """What concerns the task of every variant."""

    def asked(self, task: Task, current: Registers) -> None:
        """A task is stopped at the control gate, with these registers."""
        if task.birth_frame is not None:
            self._processes.births.retried(task, current)
            return
        request = _REQUESTS[current.rdi] if current.rdi < len(_REQUESTS) else ""
        note = self._notes.get(request)
        if note is not None and (request != "TRACED" or self._monitor.trace is not None):
            note(task, current)
            kernel.resume(task.tid)
            return
        if task.is_leader:
            open_signals(task)
        ballots = self._delivery.ballots
        if request == "WAITED" and ballots is not None and ballots.expired(task):
            return
        task.registers = current
        serve = self._questions.get(request)
        if serve is None:
            task.request = (current.rdi, current.rsi, current.rdx, current.r10)
            serve = self._meetings.get(request, self._unknown)
        serve(task, current)

    def _unknown(self, task: Task, current: Registers) -> None:
        reason = f"unknown request {current.rdi:#x} at the control gate"
        self._disagreement.diverged("integrity", task, reason)

    def _namespaces(self, task: Task, current: Registers) -> None:
        """The leader is in other namespaces: a follower is to see what is in them."""
        if task.is_leader:
            self._unknown(task, current)
            return
        self._monitor.renumbers |= bool(current.rsi & joining.NEW_PROCESSES)
        if current.rsi & joining.FOLLOWED:
            joining.join(self._monitor, task, in_call=True)
        kernel.resume(task.tid)

    def _fetch(self, task: Task, current: Registers) -> None:
        """A descriptor is asked for."""
        monitor = self._monitor
        if task.is_leader:
            answer: int | None = monitor.views.fetch(task, current.rsi, current.rdx & 0xFFFFFFFF)
        elif current.rdx:
            answer = joining.hand_own_file(monitor, task, current.rsi, current.rdx)
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
