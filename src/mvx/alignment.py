"""Bringing variants that compute to the same instruction between the same two calls.

Between two calls a thread's instructions follow from its memory alone, as long as it has the turn.
So its variants pass the same points, at different times, and whatever happens to all of them at one
point is the same for the program. A point is recognised by its registers and its stack, where
addresses of code and stack count as equal when they mean the same place. Whoever is behind is run
there, from one visit of a breakpoint to the next (breakpoints.py).

A short loop would visit a breakpoint too often before the right time. So the leader first goes on
to where an outer function is returned to, as far out as that happens soon. Something counts there,
most of the time, in a register or on the stack: by that it is known who is behind, and by how much;
that one runs freely for most of the way.

Not met are loops without calls that go on for longer than the time allowed; and one whose only
trace is in memory away from the stack looks the same in every round.
"""

from __future__ import annotations

import contextlib
import enum
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import breakpoints, kernel, visits
from mvx.kernel import Registers, TaskGoneError

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

_STACK_SIZE: Final = 512
"""Bytes above the stack pointer that belong to a point."""
_SEARCHED: Final = 4096
"""Bytes of stack in which return addresses are looked for."""
_VECTORS: Final = slice(160, 416)
"""xmm0 to xmm15 in struct user_fpregs_struct."""
_CANARY: Final = 0x28
"""Of the thread's block (fs): the canary, which compilers know; glibc's pointer guard follows."""
_MANGLED_BY: Final = 17
_FLAGS: Final = 0xCD5
"""The flags of arithmetic and direction."""
_NEAR_HITS: Final = 8
_HITS: Final = 200
"""So many visits of a breakpoint are waited for where nothing counts; each takes about 50 µs."""
_NEAR_NS: Final = 500_000
_OUTER_NS: Final = 1_000_000
_FIRST_RUN_NS: Final = 500_000
"""How long the one that is behind runs at first, until it is known how long a visit takes; and by
how much longer each time."""
_RUNS_GROW: Final = 16
_VISIT_LEAST_NS: Final = 50
"""A place that is visited more often is not met: a stop is not exact to a thousand times that."""
_ROUNDS: Final = 24
_TRIES: Final = 3
_TURNS: Final = 4
_FLAGS_ON: Final = 0x202
_FLAGS_MOST: Final = 0xFFF
_STEP_MOST: Final = 1 << 20
"""By so much a counter moves from one visit to the next, at most."""
_COUNTED_STACK: Final = 4096
"""Bytes of stack in which counters are looked for: those of outer loops are far up."""
_COMPARED: Final = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8"),
    *("rax", "rcx", "rdx", "rsi", "rdi", "rsp", "fs_base"),
)


class Meeting(enum.Enum):
    """How bringing tasks to one point ended."""

    EXACT = "they are at one point"
    APART = "they are at different points between the same two calls"
    LEFT = "one has come to its next call"


class _Course:
    """A place that all tasks visit again and again, and what tells how often they have."""

    visit_ns: int = 0
    """Processor time from one visit to the next."""

    def __init__(self, places: dict[Task, int], end: float) -> None:
        """Nothing tells yet how often."""
        self.places = places
        """Its address in each variant."""
        self.end = end
        """When there is no more time."""
        self.counters: dict[int, int] = {}
        """Words that move by the same amount from visit to visit."""

    @property
    def is_tight(self) -> bool:
        """Whether it is visited too often, as far as that is known yet."""
        return self.visit_ns < _VISIT_LEAST_NS

    def visit(self, task: Task, times: int = 1) -> bool:
        """Run a task to its so many next visits; False when they did not come in time."""
        return breakpoints.run(task, (self.places[task],), times * _OUTER_NS, self.end, times)

    def lag(self, leader: Task, follower: Task) -> int | None:
        """By how many visits a follower is behind the leader, if something tells."""
        return lag(self.counters, _counts(leader), _counts(follower))


class _Point(NamedTuple):
    """Where a stopped task is."""

    registers: Registers
    vectors: bytes
    stack: bytes


class Secrets(NamedTuple):
    """What a C library made of AT_RANDOM, which differs in the variants."""

    canary: int
    guard: int

    def demangle(self, word: int) -> int:
        """The pointer that setjmp saved as this word (PTR_MANGLE in glibc's
        sysdeps/unix/sysv/linux/x86_64/pointer_guard.h).
        """
        return ((word >> _MANGLED_BY | word << 64 - _MANGLED_BY) & kernel.MASK) ^ self.guard


def _secrets(task: Task, point: _Point) -> Secrets:
    assert task.space is not None
    content = task.space.memory.readable(point.registers.fs_base + _CANARY, 16)
    return Secrets(*struct.unpack("<2Q", content.ljust(16, b"\0")))


def _home(task: Task) -> int:
    assert task.space is not None
    return task.space.home


class Alignment:
    """Aligns the tasks of a set that are all stopped in the program."""

    def __init__(self, monitor: Monitor) -> None:
        """The monitor knows where the variants' code lies, and how far their tasks have come."""
        self._monitor = monitor
        self._arenas = monitor.arenas.arenas
        self._placement = monitor.placement

    def align(self, leader: Task, followers: Sequence[Task], seconds: float) -> Meeting:
        """Bring tasks that are stopped in the program to a common point, in `seconds` at most.

        Blocks for that time. They are all stopped afterwards; signals that stopped them are not
        delivered. Raises DepartedError when a task stops for a reason of its own, TaskGoneError
        when one dies.
        """
        tasks = (leader, *followers)
        if any(task.space is None or task.space.own_program for task in tasks):
            return Meeting.APART
        places = [self._place(task) for task in tasks]
        with contextlib.ExitStack() as blocked:
            blocked.enter_context(self._stops_at_masks(leader))
            for task in tasks:
                blocked.enter_context(breakpoints.signals_blocked(task.tid))
            is_exact = self._bring_together(leader, followers, time.monotonic() + seconds)
        if places != [self._place(task) for task in tasks] or any(
            map(breakpoints.is_in_agent, tasks)
        ):
            return Meeting.LEFT
        return Meeting.EXACT if is_exact else Meeting.APART

    @contextlib.contextmanager
    def _stops_at_masks(self, leader: Task) -> Iterator[None]:
        """The leader comes to the control gate before a call that would show that its signals are
        blocked: a patched call does not stop it otherwise.
        """
        former = self._monitor.read_field(leader, "deferred")
        self._monitor.write_field(leader, "deferred", 1)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self._monitor.write_field(leader, "deferred", former)

    def _place(self, task: Task) -> int:
        """How far a task has come in its lane: a patched call does not stop it."""
        word = "head" if task.is_leader else "tail"
        return self._arenas[task.variant.index].word(task.set.lane, word)

    def _bring_together(self, leader: Task, followers: Sequence[Task], end: float) -> bool:
        if all(self._is_near(follower, leader, end) for follower in followers):
            return True
        for _ in range(_TRIES):
            place = _outer_place(leader, end)
            if place is None:
                return False
            course = self._course(leader, followers, place, end)
            if course is None:
                return False
            for _ in range(_TURNS):  # the leader follows who is ahead of it, and leaves the others
                if not all(self._meet(leader, follower, course) for follower in followers):
                    break
                if all(self._agree(leader, follower, course) for follower in followers):
                    return True
            if course.is_tight:
                return False  # nothing farther out is returned to soon: it would be the same again
        return False

    def is_close(self, leader: Task, follower: Task, distance: int) -> bool:
        """Whether two stopped tasks are so many bytes of the same code apart, at most."""
        place = self._address(kernel.registers(leader.tid).rip, leader, follower)
        return abs(int(kernel.registers(follower.tid).rip) - place) <= distance

    # Points

    def _point(self, task: Task) -> _Point:
        assert task.space is not None
        current = kernel.registers(task.tid)
        vectors = kernel.vector_registers(task.tid)[_VECTORS]
        return _Point(current, vectors, task.space.memory.readable(current.rsp, _STACK_SIZE))

    def _is_same(self, first: Task, one: _Point, second: Task, other: _Point) -> bool:
        stack = other.registers.rsp - one.registers.rsp
        code = self._placement.distances(_home(first), _home(second))
        distances = {0, stack, *code}

        def is_alike(a: int, b: int) -> bool:
            return b - a in distances

        if not is_alike(one.registers.rip, other.registers.rip):
            return False
        if (one.registers.eflags ^ other.registers.eflags) & _FLAGS:
            return False
        names = ((getattr(one.registers, n), getattr(other.registers, n)) for n in _COMPARED)
        if not all(is_alike(a, b) for a, b in names):
            return False
        if one.vectors != other.vectors and not all(map(is_alike, *_words(one, other, "vectors"))):
            return False
        if one.stack == other.stack:
            return True
        mine, others = _secrets(first, one), _secrets(second, other)

        def is_known(a: int, b: int) -> bool:
            if is_alike(a, b) or _may_be_address(a) or _may_be_address(b):
                return True  # stacks hold what was left there, when other things differed
            return (a, b) == (mine.canary, others.canary) or is_alike(
                mine.demangle(a), others.demangle(b)
            )

        return all(map(is_known, *_words(one, other, "stack")))

    def _is_there(self, task: Task, other: Task) -> bool:
        return is_same_round(_counts(other), _counts(task)) and self._is_alike(task, other)

    def _is_alike(self, task: Task, other: Task) -> bool:
        return self._is_same(task, self._point(task), other, self._point(other))

    def _address(self, address: int, of: Task, in_: Task) -> int:
        return self._placement.counterpart(address, _home(of), _home(in_))

    # Ways

    def _is_near(self, task: Task, other: Task, end: float) -> bool:
        """Run a task to the point where the other one is, if it gets there soon."""
        if self._is_there(task, other):
            return True
        place = self._address(kernel.registers(other.tid).rip, other, task)
        for _ in range(_NEAR_HITS):
            if not breakpoints.run(task, (place,), _NEAR_NS, end):
                return False
            if self._is_there(task, other):
                return True
        return False

    def _course(
        self, leader: Task, followers: Sequence[Task], place: int, end: float
    ) -> _Course | None:
        """Run all to an address of the leader's that is met now and then, and see what counts
        there; None when one does not come there soon.
        """
        places = {task: self._address(place, leader, task) for task in (leader, *followers)}
        course = _Course(places, end)
        before = _counts(leader)
        if not all(course.visit(task) for task in (*followers, leader)):
            return None
        middle, spent_ns = _counts(leader), breakpoints.spent_ns(leader)
        if not course.visit(leader):
            return None
        course.counters = steps(before, middle, _counts(leader))
        course.visit_ns = breakpoints.spent_ns(leader) - spent_ns
        return course

    def _agree(self, leader: Task, follower: Task, course: _Course) -> bool:
        """Whether two are at one point, as their whole state or all that counts in it says."""
        ours, others = _counts(leader), _counts(follower)
        return is_same_round(ours, others) and (
            lag(course.counters, ours, others) == 0 or self._is_alike(leader, follower)
        )

    def _meet(self, leader: Task, follower: Task, course: _Course) -> bool:
        """Run whoever is behind until both are at one point of their course."""
        most_ns = _FIRST_RUN_NS
        for _ in range(_ROUNDS):
            if self._agree(leader, follower, course):
                return True
            distance = course.lag(leader, follower)
            if not distance:
                break
            behind, times = (follower, distance) if distance > 0 else (leader, -distance)
            if times <= visits.most():
                if not course.visit(behind, times):
                    return False
                continue
            spent_ns = breakpoints.spent_ns(behind)
            part_ns = min(times * course.visit_ns * 7 // 8, most_ns)
            if breakpoints.run(behind, (), part_ns, course.end) or not course.visit(behind):
                return False
            left = course.lag(leader, follower)
            if left is not None and left != distance:
                course.visit_ns = max(
                    1, (breakpoints.spent_ns(behind) - spent_ns) // abs(distance - left)
                )
                if course.is_tight:
                    return False
            most_ns *= _RUNS_GROW
        for task in (*[follower] * _HITS, *[leader] * 2 * _HITS):
            if not course.visit(task):
                return False
            if self._is_there(leader, follower):
                return True
        return False


def _words(one: _Point, other: _Point, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first, second = getattr(one, name), getattr(other, name)
    count = min(len(first), len(second)) // 8
    layout = struct.Struct(f"<{count}Q")
    return layout.unpack_from(first), layout.unpack_from(second)


def _may_be_address(word: int) -> bool:
    return 0x10000 <= word < 1 << 47


def return_addresses(task: Task) -> list[int]:
    """Addresses that functions may return to, the innermost first: words of the stack that follow a
    call instruction.
    """
    assert task.space is not None
    memory = task.space.memory
    stack = memory.readable(kernel.registers(task.tid).rsp, _SEARCHED)
    found: list[int] = []
    for (word,) in struct.iter_unpack("<Q", stack[: len(stack) & -8]):
        if _may_be_address(word) and word not in found:
            before = memory.readable(word - 7, 7)
            if len(before) == 7 and (before[2] == 0xE8 or _is_indirect_call(before)):
                found.append(word)
    return found


def _is_indirect_call(before: bytes) -> bool:
    """Whether bytes end in `call` of a register or of memory: 0xFF with 2 in the middle of the
    next byte, which is followed by up to five bytes (Intel SDM 2, CALL).
    """
    return any(
        before[-length] == 0xFF and before[1 - length] >> 3 & 7 == 2 for length in (2, 3, 4, 6, 7)
    )


def _outer_place(leader: Task, end: float) -> int | None:
    """Run a task to a place in the outermost function that is returned to soon, else to where it is
    now for the next time; None when it does not come there soon.

    Stacks hold addresses of returns that are over, too; one that is met there again is met further
    in. So a task that does not get further out goes round in a loop.
    """
    current = kernel.registers(leader.tid)
    here, outermost, rounds = int(current.rip), int(current.rsp), 0
    place = here
    returns = return_addresses(leader)
    while returns and rounds < _ROUNDS:
        if not breakpoints.run(leader, returns[: breakpoints.MOST], _OUTER_NS, end):
            break
        current = kernel.registers(leader.tid)
        rounds += 1
        if current.rsp > outermost:
            place, outermost, rounds = int(current.rip), int(current.rsp), 0
        returns = [a for a in return_addresses(leader) if a != current.rip]
    if place != here and rounds == 0 and kernel.registers(leader.tid).rip == place:
        return place
    is_met = breakpoints.run(leader, (place,), 2 * _OUTER_NS, end)
    return place if is_met else None


def _counts(task: Task) -> tuple[int, ...]:
    """Words in which something may count: registers, then stack."""
    assert task.space is not None
    current = kernel.registers(task.tid)
    size = min(_stack_start(task) - current.rsp & kernel.MASK, _COUNTED_STACK)
    stack = task.space.memory.readable(current.rsp, size)
    words = struct.unpack(f"<{len(stack) // 8}q", stack[: len(stack) & -8])
    return (*(kernel.signed(getattr(current, name)) for name in _COMPARED), *words)


def _stack_start(task: Task) -> int:
    """Where the first thread's stack began; above are strings, which differ
    (/proc/PID/stat, proc_pid_stat(5), field 28).
    """
    with contextlib.suppress(OSError), open(f"/proc/{task.process}/stat", "rb") as stat:
        return int(stat.read().rpartition(b")")[2].split()[25])
    raise TaskGoneError(task.tid)


def steps(*counts: tuple[int, ...]) -> dict[int, int]:
    """Which words moved by the same amount between three visits."""
    return {
        index: second - first
        for index, (first, second, third) in enumerate(zip(*counts, strict=False))
        if second - first == third - second and 0 < abs(second - first) <= _STEP_MOST
    }


def lag(steps: dict[int, int], leader: tuple[int, ...], follower: tuple[int, ...]) -> int | None:
    """By how many visits the follower is behind, as most counters say; None when none tells."""
    votes = Counter(
        (leader[index] - follower[index]) // step
        for index, step in steps.items()
        if index < min(len(leader), len(follower)) and not (leader[index] - follower[index]) % step
    )
    return votes.most_common(1)[0][0] if votes else None


def is_same_round(leader: tuple[int, ...], follower: tuple[int, ...]) -> bool:
    """Whether all words that may be numbers agree, where something counts and agrees. Others may
    be what was left there when other things differed: secrets, addresses, flags.
    """
    return all(
        a == b or not (_is_number(a) and _is_number(b)) or _are_flags(a, b)
        for a, b in zip(leader, follower, strict=False)
    )


def _is_number(word: int) -> bool:
    return -(1 << 31) <= word < 1 << 32


def _are_flags(a: int, b: int) -> bool:
    """Whether words are flags, which system calls leave in r11: interrupts are on, bit 1 is set."""
    on = a & b & _FLAGS_ON == _FLAGS_ON
    return on and min(a, b) >= 0 and max(a, b) <= _FLAGS_MOST
