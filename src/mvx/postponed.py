"""Writes to connections that the leader has postponed (agent/postpone.c), and makes no call after.

The agent makes them at the program's next call. A program that computes makes none for long; so
while there are such writes they are looked for now and then, and when the same ones are still there
at the next look the task is stopped in the program's code, makes them in the agent, and goes on.
Nor does a program that crashes; they come before its fault.
"""

from __future__ import annotations

import contextlib
import signal
import struct
import time
from typing import TYPE_CHECKING, Final

from mvx import interrupts, kernel
from mvx.faults import FAULTS
from mvx.interrupts import Reason
from mvx.kernel import TaskGoneError
from mvx.layout import POSTPONED_OFFSET
from mvx.records import POSTPONED
from mvx.standing import is_between_calls

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import AddressSpace, Task

_LOOK_S: Final = 0.01
"""A write waits two of these at most, while its program computes."""
_HEAD: Final = POSTPONED.offset("writes")


class _Seen:
    """What was found of a process's writes at the last look."""

    times: int = 0

    def __init__(self, space: AddressSpace) -> None:
        """Not looked at yet."""
        self.space = space


class Postponed:
    """Looks after the writes that are postponed in all processes of the leader."""

    def __init__(self, monitor: Monitor) -> None:
        """For one run."""
        self._monitor = monitor
        self._seen: list[_Seen] = []
        self._next_look_s = 0.0

    def begins(self, task: Task) -> None:
        """An agent has postponed a write, the first of its process."""
        assert task.space is not None
        self._seen.append(_Seen(task.space))

    def timeout(self) -> float | None:
        """Seconds until the next look; None: nothing is ever postponed."""
        return _LOOK_S if self._seen else None

    def look(self) -> None:
        """Make tasks stop whose writes have been waiting for a while."""
        now_s = time.monotonic()
        if not self._seen or now_s < self._next_look_s:
            return
        self._next_look_s = now_s + _LOOK_S
        self._seen = [seen for seen in self._seen if seen.space.users]
        for seen in self._seen:
            with contextlib.suppress(OSError, TaskGoneError):  # its memory may be gone already
                self._look_at(seen)

    def _look_at(self, seen: _Seen) -> None:
        fields = self._head(seen.space)
        if not fields["count"]:
            seen.times = 0
        elif seen.times != fields["times"]:
            seen.times = fields["times"]
        else:
            for task in self._monitor.tasks.values():
                if task.space is seen.space and task.slot == fields["slot"]:
                    interrupts.ask(task, Reason.POSTPONED)

    def stopped(self, task: Task) -> None:
        """The interrupt has stopped a task: outside of the agent it makes its writes first."""
        self._make(task)
        kernel.resume(task.tid)

    def come_before(self, task: Task, number: int) -> bool:
        """A task is in signal-delivery-stop. Whether an instruction has faulted, and the task's
        writes come first: then it goes on with them, and faults again.
        """
        space = task.space
        if space is None or all(seen.space is not space for seen in self._seen):
            return False
        code = struct.unpack_from("<i", kernel.signal_information(task.tid), 8)[0]
        is_fault = number in FAULTS and number != signal.SIGTRAP and code > 0
        if not is_fault or not self._head(space)["count"] or not self._make(task):
            return False
        kernel.resume(task.tid)
        return True

    def _make(self, task: Task) -> bool:
        """Let a stopped task make its writes when it goes on, and then what it was about to do;
        False in the agent, which will make them anyway.
        """
        current = kernel.registers(task.tid)
        if not is_between_calls(task, current):
            return False
        self._monitor.send_to_agent(task, current, "POSTPONED")
        return True

    @staticmethod
    def _head(space: AddressSpace) -> dict[str, int]:
        return POSTPONED.unpack(space.memory.read(space.base + POSTPONED_OFFSET, _HEAD))
