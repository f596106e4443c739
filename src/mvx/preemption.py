"""Taking the turn away from a thread that computes while others wait for theirs.

A waiting thread of the leader tells that it has been waiting for long. The supervisor then stops
the thread that has the turn and looks: one that spins (the same place, the same registers, or a
``pause`` instruction nearby) waits for the others in its own way and yields at once; one that
computes yields after a second. The leader's thread announces it in its lane. A follower that comes
to its next call yields there; one that makes no call is stopped when it has consumed everything
before the announcement, and yields where it is: between the same two calls, though not at the same
instruction.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import kernel
from mvx.kernel import MASK, Registers, signed
from mvx.layout import DOMAIN, DOMAIN_OFFSET, INSTRUCTIONS, TASK
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_YIELD: Final = list(INSTRUCTIONS).index("YIELD")
_COMPUTES_S: Final = 1.0
"""How long a thread that computes may keep others waiting."""
_RETRY_S: Final = 0.0003
_PAUSE: Final = b"\xf3\x90"
_NEARBY: Final = 64
"""Bytes of code to both sides of the instruction pointer that are taken for one loop."""
_KEPT: Final = ("rbx", "rbp", "rsp", "rsi", "rdi", "r8", "r9", "r10", "r12", "r13", "r14", "r15")
"""Registers that do not change while a thread spins; the others hold what it has just read."""


class _Sight(NamedTuple):
    """A thread that was seen between two calls: since when it has been there, its lane's position,
    its registers at the last look.
    """

    since_s: float
    position: int
    registers: Registers


class Preemption:
    """Turns that are taken away."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._seen: dict[Task, _Sight] = {}
        """Leader's tasks that keep others waiting."""
        self._followers: dict[Task, int] = {}
        """Followers' tasks that have not yielded yet; the position of the announcement."""
        self._due = 0.0

    def stalled(self, waiting: Task) -> None:
        """A leader's task has waited long for its turn: stop the one that has it."""
        space = waiting.space
        if space is None or not waiting.is_leader:
            return
        place = space.base + DOMAIN_OFFSET + DOMAIN.offset("holder")
        slot = struct.unpack("<I", space.memory.read(place, 4))[0]
        holder = next(
            (
                task
                for task in self._monitor.tasks.values()
                if task.space is space and task.slot == slot and task.turns
            ),
            None,
        )
        if holder is not None and holder is not waiting:
            self._ask(holder)

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        return max(0.0, self._due - time.monotonic()) if self._followers else None

    def look(self) -> None:
        """Stop the followers that make no call after the announcement."""
        if not self._followers or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _RETRY_S
        for task, position in list(self._followers.items()):
            tail = self._tail(task)
            if task.state is State.ENDED or tail > position:
                del self._followers[task]
            elif tail == position:
                self._ask(task)

    @staticmethod
    def _ask(task: Task) -> None:
        if not task.asked_to_yield and task.state is State.RUNNING:
            task.asked_to_yield = True
            kernel.interrupt(task.tid)

    def stopped(self, task: Task) -> None:
        """A task stopped because it was asked to yield."""
        current = kernel.registers(task.tid)
        if self._is_between_calls(task, current):
            if task.is_leader:
                self._lead(task, current)
            elif self._followers.get(task) == self._tail(task):
                del self._followers[task]
                self._yield(task, current)
        kernel.resume(task.tid)

    def _lead(self, task: Task, current: Registers) -> None:
        if any(other in self._followers for other in task.set.tasks.values()):
            return  # one after the other
        position = self._monitor.arenas.arenas[0].word(task.set.lane, "head")
        now = time.monotonic()
        before = self._seen.pop(task, None)
        if before is None or before.position != position:
            self._seen[task] = _Sight(now, position, current)
            return
        if not self._spins(task, before.registers, current) and now - before.since_s < _COMPUTES_S:
            self._seen[task] = _Sight(before.since_s, position, current)
            return
        self._yield(task, current)
        for other in task.set.tasks.values():
            if not other.is_leader:
                self._followers[other] = position
        self._due = time.monotonic() + _RETRY_S

    @staticmethod
    def _spins(task: Task, before: Registers, current: Registers) -> bool:
        assert task.space is not None
        code = task.space.memory.readable(current.rip - _NEARBY, 2 * _NEARBY)
        if _PAUSE in code:
            return True
        return abs(current.rip - before.rip) < _NEARBY and all(
            getattr(current, name) == getattr(before, name) for name in _KEPT
        )

    def _yield(self, task: Task, current: Registers) -> None:
        assert task.space is not None
        place = task.slot_address + TASK.offset("return_address")
        task.space.memory.write(place, struct.pack("<QI", current.rip, _YIELD))
        current.rip = task.variant.base + self._monitor.image.offsets["enter_instruction"]
        current.orig_rax = MASK
        kernel.set_registers(task.tid, current)

    @staticmethod
    def _is_between_calls(task: Task, current: Registers) -> bool:
        in_call = signed(current.orig_rax) >= 0 and -signed(current.rax) in kernel.RESTART_CODES
        return not (task.space is None or in_call or task.space.contains(current.rip))

    def _tail(self, task: Task) -> int:
        arena = self._monitor.arenas.arenas[task.variant.index]
        return arena.word(task.set.lane, "tail")
