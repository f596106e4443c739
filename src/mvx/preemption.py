"""Taking the turn away from a thread that computes while others wait for theirs.

A waiting thread of the leader tells that it has been waiting for long. The supervisor then stops
the thread that has the turn and looks: one that spins (the same place, the same registers, or a
``pause`` instruction nearby) waits for the others in its own way and yields at once; one that
computes yields after a second. What counts is the processor time that the thread has had: one that
merely got no processor does neither. The leader's thread announces that it yields in its lane. A
follower that comes to its next call yields there. One that makes no call is stopped when it has
consumed everything before the announcement, and yields when it spins, too, or has computed for as
long: between the same two calls, though not at the same instruction.
"""

from __future__ import annotations

import dataclasses
import struct
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import interrupts, kernel
from mvx.interrupts import Reason
from mvx.kernel import MASK, Registers, signed
from mvx.layout import DOMAIN, DOMAIN_OFFSET, INSTRUCTIONS, TASK
from mvx.tasks import State, Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_YIELD: Final = list(INSTRUCTIONS).index("YIELD")
_COMPUTES_NS: Final = 1_000_000_000
"""How long a thread that computes may keep others waiting."""
_SPINS_NS: Final = 50_000
"""For how long a thread has been in the same place when it is said to spin: many times a loop."""
_SPINNER_NS: Final = 100_000_000
"""How long a follower's thread may take to be found spinning as its leader's."""
_SOON_S: Final = 0.0001
_RETRY_S: Final = 0.0003
_RETRY_MOST_S: Final = 0.005
_PAUSE: Final = b"\xf3\x90"
_NEARBY: Final = 64
"""Bytes of code to both sides of the instruction pointer that are taken for one loop."""
_KEPT: Final = ("rbx", "rbp", "rsp", "rsi", "rdi", "r8", "r9", "r10", "r12", "r13", "r14", "r15")
"""Registers that do not change while a thread spins; the others hold what it has just read."""


class _Sight(NamedTuple):
    """A thread that was seen between two calls: the place in its lane, the processor time that it
    had had when it was first seen there, the same and its registers at the last look.
    """

    position: int
    since_ns: int
    last_ns: int
    registers: Registers


@dataclasses.dataclass
class _Announcement:
    """The leader's thread has yielded: where that stands in its lane, and the variants that have
    not yielded yet. A follower's thread may still be to be born.
    """

    position: int
    missing: set[int]
    spinning: bool
    enough_ns: int
    """Processor time after which a follower yields in any case."""


class Preemption:
    """Turns that are taken away; a section of the statistics."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._seen: dict[Task, _Sight] = {}
        """Tasks that may have to yield."""
        self._announced: dict[TaskSet, _Announcement] = {}
        self._due = 0.0
        self._retry_s = _RETRY_S
        self._spinning = 0
        self._computing = 0
        monitor.statistics.add("preemptions", self)

    def statistics(self) -> dict[str, object]:
        """How often the turn was taken away, by what the thread did."""
        return {"spinning": self._spinning, "computing": self._computing}

    def summary(self) -> list[str]:
        """One line, if there is something to tell."""
        if not self._spinning and not self._computing:
            return []
        spun, computed = self._spinning, self._computing
        return [f"turns taken away: {spun} from threads that spun, {computed} that computed"]

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
        if holder is not None and holder is not waiting and holder.set not in self._announced:
            interrupts.ask(holder, Reason.TURN)

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        return max(0.0, self._due - time.monotonic()) if self._announced else None

    def look(self) -> None:
        """Stop the followers that make no call after the announcement."""
        if not self._announced or time.monotonic() < self._due:
            return
        self._seen = {t: sight for t, sight in self._seen.items() if t.state is not State.ENDED}
        self._retry_s = min(2 * self._retry_s, _RETRY_MOST_S)
        self._due = time.monotonic() + self._retry_s
        live = {variant.index for variant in self._monitor.live}
        for task_set, announcement in list(self._announced.items()):
            announcement.missing &= live
            for index in list(announcement.missing):
                task = task_set.tasks.get(index)
                if task is None:
                    continue
                tail = self._tail(task)
                if task.state is State.ENDED or tail > announcement.position:
                    announcement.missing.discard(index)
                elif tail == announcement.position:
                    interrupts.ask(task, Reason.TURN)
            if not announcement.missing or task_set.tasks[0].state is State.ENDED:
                del self._announced[task_set]

    def stopped(self, task: Task) -> None:
        """A task stopped because it was asked to yield.

        Not while an agreed signal is on its way to it: that comes between the same two calls, and
        first in every variant.
        """
        current = kernel.registers(task.tid)
        if self._is_between_calls(task, current) and not task.in_flight:
            announcement = self._announced.get(task.set)
            if not task.is_leader:
                if announcement is not None and task.variant.index in announcement.missing:
                    self._follow(task, current, announcement)
            elif announcement is None:  # one after the other
                self._lead(task, current)
        kernel.resume(task.tid)

    def _lead(self, task: Task, current: Registers) -> None:
        position = self._monitor.arenas.arenas[0].word(task.set.lane, "head")
        computed_ns, spins = self._observe(task, current, position)
        if not spins and computed_ns < _COMPUTES_NS:
            return
        self._spinning += spins
        self._computing += not spins
        self._yield(task, current)
        others = {variant.index for variant in self._monitor.live if variant.index}
        enough_ns = _SPINNER_NS if spins else computed_ns
        self._announced[task.set] = _Announcement(position, others, spins, enough_ns)
        self._retry_s = _RETRY_S
        self._due = time.monotonic() + _RETRY_S

    def _follow(self, task: Task, current: Registers, announcement: _Announcement) -> None:
        position = self._tail(task)
        if position != announcement.position:
            return
        computed_ns, spins = self._observe(task, current, position)
        if (spins and announcement.spinning) or computed_ns >= announcement.enough_ns:
            announcement.missing.discard(task.variant.index)
            self._yield(task, current)
        elif announcement.spinning:
            self._due = min(self._due, time.monotonic() + _SOON_S)

    def _observe(self, task: Task, current: Registers, position: int) -> tuple[int, bool]:
        """For how long a thread has been seen at this place of its lane, and whether it spins."""
        now_ns = kernel.processor_time_ns(task.process, task.tid)
        before = self._seen.get(task)
        if before is None or before.position != position:
            self._seen[task] = _Sight(position, now_ns, now_ns, current)
            return 0, False
        spins = False
        if now_ns - before.last_ns >= _SPINS_NS:
            spins = self._spins(task, before.registers, current)
            self._seen[task] = before._replace(last_ns=now_ns, registers=current)
        return now_ns - before.since_ns, spins

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
        self._seen.pop(task, None)
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
