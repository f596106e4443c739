"""Stops at the seccomp filter: what becomes of a call from a place that the filter does not let
through.

Most are traps, calls of the program at sites that are not patched: the supervisor skips the call
(``orig_rax = -1``) and points rip at the agent's entry, with rcx = return address and rax = number,
so that the agent treats it exactly as a call from a patched site. Calls that each variant makes for
itself are checked and let go at once; what leaves by the agent's gates is verified.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mvx import kernel, vdso, verification, vsyscall
from mvx.interrupts import Reason
from mvx.kernel import Registers
from mvx.local import Local
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.delivery import Delivery
    from mvx.disagreement import Disagreement
    from mvx.monitor import Monitor
    from mvx.requests import Requests
    from mvx.stops import Stops


class Traps:
    """Treats the calls of all tasks that stop at the filter."""

    def __init__(
        self,
        monitor: Monitor,
        stops: Stops,
        delivery: Delivery,
        disagreement: Disagreement,
        requests: Requests,
    ) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._stops = stops
        self._delivery = delivery
        self._disagreement = disagreement
        self._requests = requests
        self._local = Local(monitor)
        self._vsyscalls = vsyscall.Vsyscalls(monitor)

    def stopped(self, task: Task) -> bool:
        """A task is at PTRACE_EVENT_SECCOMP. Whether it was a trap that Stops has learnt."""
        if task.variant.launching or task.space is None:
            self._monitor.count(task, "launch")
            kernel.resume(task.tid)
            return False
        current = kernel.registers(task.tid)
        offset = current.rip - task.variant.base
        offsets = self._monitor.image.offsets
        if offset == offsets["gate_control"]:
            self._monitor.count(task, "control")
            self._requests.asked(task, current)
        elif offset in (
            offsets["gate_traced"],
            offsets["gate_interruptible"],
            offsets["gate_plain"],
        ):
            self._monitor.count(task, "verified")
            self._verify(task, current)
        elif task.space.contains(current.rip) and vdso.is_call(task.space.vdso, current):
            kernel.resume(task.tid)
        elif vsyscall.is_entry(current.rip):
            self._vsyscalls.answer(task, current)
        elif kernel.event_message(task.tid):
            self._foreign(task, current)
        elif self._is_local(task, current):
            self._monitor.count(task, "local")
            self._local.call(task, current)
        else:
            return self._redirect(task, current)
        return False

    def _is_local(self, task: Task, current: Registers) -> bool:
        """Whether a call goes on at once: a local one, unless it goes through the agent so that the
        trace learns its result, or to be compared, or because the agent places the file.
        """
        local = self._local
        if not local.is_local(current.orig_rax) or self._monitor.trace is not None:
            return False
        return not local.shares(task, current) and not local.is_placed_by_agent(current)

    def _redirect(self, task: Task, current: Registers) -> bool:
        """Send a trapped call into the agent."""
        monitor = self._monitor
        number = current.orig_rax
        entry = task.variant.base + monitor.image.offsets["enter_call"]
        is_settled = monitor.sites.trapped(task, current)
        monitor.count(task, "trap")
        is_known = is_settled and self._is_plain(task) and not self._local.is_local(number)
        if is_known:
            is_known = self._stops.learn(task, current, entry)
        current.rcx = current.rip
        current.rip = entry
        current.rax = number
        kernel.go_on(task.tid, current)
        return is_known

    def _is_plain(self, task: Task) -> bool:
        """Whether nothing is to be done at a task's traps but to send it into the agent."""
        return (
            task.state is State.RUNNING
            and task.reasons is Reason.NONE
            and not task.unblocked
            and not task.entering
            and self._monitor.trace is None
        )

    def _foreign(self, task: Task, current: Registers) -> None:
        """A 32-bit entry or an x32 number: refused with ENOSYS."""
        self._monitor.warn(
            "foreign",
            f"call {current.orig_rax:#x} by the 32-bit or x32 entry refused (ENOSYS)",
        )
        kernel.go_on(task.tid, current, -38)

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
        if task.is_leader:
            self._monitor.timers.armed(task, current)
        if self._monitor.timers.is_every(current):
            self._monitor.timers.call(task, current)
            return
        kernel.resume(task.tid)
