"""Taking the turn away from a thread that computes while others wait for theirs.

A waiting thread of the leader tells that it has been waiting for long. The supervisor then stops
the thread that has the turn and looks: one that spins (the same place, the same registers, or a
``pause`` instruction nearby) waits for the others in its own way and yields at once; one that
computes yields when it has had the processor for a while. One that merely got no processor does
neither.

It is then held, and so are its followers' threads, when they are between the same two calls. One
that waits in the next call already shows that the leader will come to a call, too: nobody yields.
The others are brought to the same point (alignment.py) and yield there. If that cannot be done,
those that spin yield where they are, and those that compute after a second.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import interrupts, kernel, standing
from mvx.alignment import Alignment, Meeting
from mvx.breakpoints import DepartedError
from mvx.interrupts import Reason
from mvx.kernel import Registers, TaskGoneError
from mvx.standing import Place
from mvx.tasks import State, Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_QUANTUM_NS: Final = 100_000_000
"""How long a thread that computes keeps the turn while others wait, if it can then yield at the
same instruction in all variants."""
_SHORTEST_NS: Final = 10_000_000
"""The same when the others made little of the last turns that it gave them, and it takes
little time to bring all variants to one instruction."""
_LITTLE_NS: Final = 5_000_000
_COSTS: Final = 8
"""By how much it is to have the turn for longer, at least, than that took."""
_COMPUTES_NS: Final = 1_000_000_000
"""How long in any case."""
_SPINS_NS: Final = 50_000
"""For how long a thread has been in the same place when it is said to spin: many times a loop."""
_HELD_S: Final = 1.0
"""How long a leader is held, at most, until its followers have come."""
_SPINNERS_S: Final = 0.02
_COMPUTERS_S: Final = 3.0
"""How long it may take to bring all to one point; a few milliseconds where nobody else computes."""
_RETRY_S: Final = 0.0003
_RETRY_MOST_S: Final = 0.005
_PAUSE: Final = b"\xf3\x90"
_NEARBY: Final = 64
"""Bytes of code to both sides of the instruction pointer that are taken for one loop."""
_STEPS_MOST: Final = 200
_PUSHF: Final = b"\x9c"
_RED_ZONE: Final = 128
"""Bytes below the stack pointer that a function may use (System V ABI)."""
_STACK_SIZE: Final = 640
"""Bytes of stack, red zone included, in which something counts when a thread computes."""
_KEPT: Final = ("rbx", "rbp", "rsp", "rsi", "rdi", "r8", "r9", "r10", "r12", "r13", "r14", "r15")
"""Registers that do not change while a thread spins; the others hold what it has just read."""


class _Sight(NamedTuple):
    """A thread that was seen between two calls: the place in its lane, the processor time that it
    had had when it was first seen there, the same and its registers at the last look, and how much
    of it is enough to yield.
    """

    position: int
    since_ns: int
    last_ns: int
    registers: Registers
    stack: bytes
    enough_ns: int


class _Pace(NamedTuple):
    """What it took that a thread yielded, and how long the others had had the processor then."""

    cost_ns: int
    others_ns: int


class _Hold:
    """A leader's thread that is to yield is held, and so are its followers as they come to the same
    two calls.
    """

    def __init__(self, leader: Task, computed_ns: int, end_s: float, *, spins: bool) -> None:
        """The leader is held, no follower is."""
        self.leader = leader
        self.spins = spins
        self.computed_ns = computed_ns
        self.end_s = end_s
        """When it goes on without having yielded."""
        self.ready: dict[int, Task] = {}


class Preemption:
    """Turns that are taken away; a section of the statistics."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._alignment = Alignment(monitor)
        self._seen: dict[Task, _Sight] = {}
        """Leaders' tasks that may have to yield."""
        self._paces: weakref.WeakKeyDictionary[Task, _Pace] = weakref.WeakKeyDictionary()
        """Those that have yielded."""
        self._holds: dict[TaskSet, _Hold] = {}
        self._due = 0.0
        self._retry_s = _RETRY_S
        self._spinning = 0
        self._computing = 0
        self._inexact = 0
        monitor.statistics.add("preemptions", self)

    def statistics(self) -> dict[str, object]:
        """How often the turn was taken away, by what the thread did; and how often of these not at
        the same instruction in all variants.
        """
        return {
            "spinning": self._spinning,
            "computing": self._computing,
            "inexact": self._inexact,
        }

    def summary(self) -> list[str]:
        """One line, if there is something to tell."""
        if not self._spinning and not self._computing:
            return []
        spun, computed = self._spinning, self._computing
        took = f"turns taken away: {spun} from threads that spun, {computed} that computed"
        return [f"{took}; {self._inexact} not at the same instruction in all variants"]

    def stalled(self, waiting: Task) -> None:
        """A leader's task has waited long for its turn: stop the one that has it."""
        space = waiting.space
        if space is None or not waiting.is_leader:
            return
        is_joined = space.turns.joined
        lane = self._monitor.domain.holder() if is_joined else space.turns.holder(space)
        holder = next(
            (
                task
                for task in self._monitor.tasks.values()
                if task.is_leader and task.set.lane == lane and task.turns
            ),
            None,
        )
        if holder is not None and holder.state is State.STOPPED:
            self._monitor.jobs.lend(holder)
        elif holder is not None and holder is not waiting and holder.set not in self._holds:
            interrupts.ask(holder, Reason.TURN)

    def timeout(self) -> float | None:
        """Seconds until :meth:`look` has something to do, None if nothing."""
        return max(0.0, self._due - time.monotonic()) if self._holds else None

    def look(self) -> None:
        """Stop the followers of those that are held, where they have come to the same place."""
        now = time.monotonic()
        if not self._holds or now < self._due:
            return
        self._seen = {t: sight for t, sight in self._seen.items() if t.state is not State.ENDED}
        self._retry_s = min(2 * self._retry_s, _RETRY_MOST_S)
        self._due = now + self._retry_s
        for hold in list(self._holds.values()):
            held = (hold.leader, *hold.ready.values())
            if now >= hold.end_s or any(task.state is State.ENDED for task in held):
                self._abandon(hold)
            else:
                self._advance(hold)

    def stopped(self, task: Task) -> None:
        """A task stopped because it was asked to yield.

        Not while an agreed signal is on its way to it: that comes between the same two calls, and
        first in every variant.
        """
        current = kernel.registers(task.tid)
        is_between = standing.is_between_calls(task, current) and not task.in_flight
        hold = self._holds.get(task.set)
        if task.is_leader:
            if is_between and hold is None and self._leads(task, current):
                return
        elif hold is not None and is_between and self._place(task) is not Place.BEHIND:
            hold.ready[task.variant.index] = task
            self._advance(hold)
            return
        kernel.resume(task.tid)

    # Holding

    def _leads(self, task: Task, current: Registers) -> bool:
        """Whether a leader's task has to yield; it is held then."""
        position = self._monitor.arenas.arenas[0].word(task.set.lane, "head")
        try:
            sight, spins = self._observe(task, current, position)
        except DepartedError as departed:
            self._monitor.serve(departed.task.tid, departed.status)
            return True
        computed_ns = sight.last_ns - sight.since_ns
        if not spins:
            if computed_ns < sight.enough_ns:
                return False
            self._seen[task] = sight._replace(enough_ns=2 * sight.enough_ns)
        now = time.monotonic()
        hold = _Hold(task, computed_ns, now + _HELD_S, spins=spins)
        self._holds[task.set] = hold
        self._retry_s = _RETRY_S
        self._due = now + _RETRY_S
        self._advance(hold)
        return True

    def _advance(self, hold: _Hold) -> None:
        """Ask followers to stop that have come to the same place; when all are there, go on."""
        tasks = hold.leader.set.tasks
        missing = [
            variant.index
            for variant in self._monitor.live
            if variant.index and variant.index not in hold.ready
        ]
        if not missing:
            self._meet(hold)
            return
        for index in missing:
            follower = tasks.get(index)
            place = Place.BEHIND if follower is None else self._place(follower)
            if follower is None or place is Place.BEHIND:
                continue  # still to be born, or to read what the leader has written
            if place is Place.AHEAD:
                self._abandon(hold)
                return
            interrupts.ask(follower, Reason.TURN)

    def _meet(self, hold: _Hold) -> None:
        """All are held: bring them to one point, and let them yield there."""
        followers = list(hold.ready.values())
        seconds = _SPINNERS_S if hold.spins else _COMPUTERS_S
        start_ns = time.monotonic_ns()
        try:
            meeting = self._alignment.align(hold.leader, followers, seconds)
            if meeting is Meeting.APART and hold.spins and self._wait_for_spinners(hold):
                return
        except DepartedError as departed:
            self._abandon(hold, but=departed.task)
            self._monitor.serve(departed.task.tid, departed.status)
            return
        except TaskGoneError:
            self._abandon(hold)
            return
        is_exact = meeting is Meeting.EXACT
        is_early = not is_exact and not hold.spins and hold.computed_ns < _COMPUTES_NS
        if is_early or meeting is Meeting.LEFT:
            self._abandon(hold)
            return
        del self._holds[hold.leader.set]
        self._spinning += hold.spins
        self._computing += not hold.spins
        self._inexact += not is_exact
        with contextlib.suppress(TaskGoneError):
            cost_ns = time.monotonic_ns() - start_ns
            self._paces[hold.leader] = _Pace(cost_ns, self._others_ns(hold.leader))
        for task in (hold.leader, *followers):
            with contextlib.suppress(TaskGoneError):
                self._yield(task)
        self._resume((hold.leader, *followers))

    def _wait_for_spinners(self, hold: _Hold) -> bool:
        """Let those followers go on that do not spin where the leader does, and be asked again
        later; whether there are any.
        """
        late = [
            task
            for task in hold.ready.values()
            if not self._alignment.is_close(hold.leader, task, _NEARBY)
        ]
        for task in late:
            del hold.ready[task.variant.index]
        self._resume(late)
        return bool(late)

    def _abandon(self, hold: _Hold, but: Task | None = None) -> None:
        """Nobody yields now: those that are held go on, except one."""
        del self._holds[hold.leader.set]
        self._resume([t for t in (hold.leader, *hold.ready.values()) if t is not but])

    @staticmethod
    def _resume(tasks: Iterable[Task]) -> None:
        for task in tasks:
            if task.state is not State.ENDED:
                interrupts.release(task)

    # Looking

    def _observe(self, task: Task, current: Registers, position: int) -> tuple[_Sight, bool]:
        """What was seen of a thread at this place of its lane, and whether it spins."""
        assert task.space is not None
        now_ns = kernel.processor_time_ns(task.process, task.tid)
        stack = task.space.memory.readable(current.rsp - _RED_ZONE, _STACK_SIZE)
        before = self._seen.get(task)
        if before is None or before.position != position:
            sight = _Sight(position, now_ns, now_ns, current, stack, self._quantum_ns(task))
            self._seen[task] = sight
            return sight, False
        spins = False
        sight = before
        if now_ns - before.last_ns >= _SPINS_NS:
            is_near = abs(current.rip - before.registers.rip) < _NEARBY
            spins = is_near and (
                self._pauses(task, current)
                or (_is_same(before, current, stack) and _comes_back(task))
            )
            sight = before._replace(last_ns=now_ns, registers=current, stack=stack)
            self._seen[task] = sight
        return sight, spins

    def _quantum_ns(self, task: Task) -> int:
        """How long a leader's task may compute: not long if others merely go from one call that
        waits to the next, for they would be that much slower.
        """
        pace = self._paces.get(task)
        if pace is None or self._others_ns(task) - pace.others_ns > _LITTLE_NS:
            return _QUANTUM_NS
        return min(max(_SHORTEST_NS, _COSTS * pace.cost_ns), _QUANTUM_NS)

    def _others_ns(self, task: Task) -> int:
        """How long those have had the processor who take turns with a leader's task."""
        processes = {task.process}
        if task.space is not None and task.space.turns.joined:
            processes |= {
                other.process
                for other in self._monitor.tasks.values()
                if other.is_leader and other.space is not None and other.space.turns.joined
            }
        own = kernel.processor_time_ns(task.process, task.tid)
        return sum(map(kernel.process_time_ns, processes)) - own

    @staticmethod
    def _pauses(task: Task, current: Registers) -> bool:
        assert task.space is not None
        return _PAUSE in task.space.memory.readable(current.rip - _NEARBY, 2 * _NEARBY)

    def _yield(self, task: Task) -> None:
        assert task.space is not None
        self._seen.pop(task, None)
        current = kernel.registers(task.tid)
        self._monitor.send_to_agent(task, current, "YIELD")

    def _place(self, follower: Task) -> Place:
        return standing.place(self._monitor.arenas, follower)


def _is_same(before: _Sight, current: Registers, stack: bytes) -> bool:
    """Whether a thread has changed nothing of its own since it was seen."""
    return stack == before.stack and all(
        getattr(current, name) == getattr(before.registers, name) for name in _KEPT
    )


def _comes_back(task: Task) -> bool:
    """Step a stopped task through one round of its loop: whether its registers are the same again
    then. Who takes a page fault for long looks as if it span, until it is stepped.

    Raises DepartedError when it stops for a reason of its own.
    """
    assert task.space is not None
    first = kernel.registers(task.tid)
    for _ in range(_STEPS_MOST):
        current = kernel.registers(task.tid)
        if task.space.contains(current.rip) or task.space.memory.readable(current.rip, 1) == _PUSHF:
            return False  # pushf would show the program that it is stepped
        kernel.step(task.tid)
        _, status = os.waitpid(task.tid, kernel.WALL)
        if status >> 8 != signal.SIGTRAP:
            raise DepartedError(task, status)
        current = kernel.registers(task.tid)
        if int(current.rip) == int(first.rip) and all(
            getattr(current, name) == getattr(first, name) for name in _KEPT
        ):
            return True
    return False
