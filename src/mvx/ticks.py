"""Signals of clocks that the loop in C delivers (``stops/ticks.c``, called through stops.py).

A timer that fires often, in a program that computes, is always treated the same (between.py): each
follower is stopped by the same signal, and all go on into their handlers. In Python that takes two
tenths of a millisecond, the supervisor's caches being cold. So when it has done so, it writes down
what it found, and the loop does the same as long as it finds the same.

Whenever Python code has run, all that concerns the tasks is looked at again before the loop may:
nothing of what the supervisor knows of them may be under way.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx.faults import entered_handlers
from mvx.interrupts import Reason
from mvx.layout import ARENAS_OFFSET, VARIANTS_MAX
from mvx.structure import structure
from mvx.tasks import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvx.monitor import Monitor
    from mvx.tasks import AddressSpace, Stash, Task

TICKS_MAX: Final = 4
DELAYS: Final = 128
_WATCHED: Final = (13, 222)
"""rt_sigaction, timer_create: what they change is not looked at again."""
TICKED: Final = structure(
    "ticked",
    ("tid", "Q", "a variant's task (supervisor)"),
    ("process", "Q", "its process (supervisor)"),
    ("low", "Q", "the code in which it computes: the first address (supervisor)"),
    ("high", "Q", "the first address behind it (supervisor)"),
    ("tail", "Q", "address of a word in its arena: how far it has consumed (supervisor)"),
    ("number", "Q", "the same: the call that it is in (supervisor)"),
    ("position", "Q", "the same: where that call's message starts (supervisor)"),
    ("value", "Q", "the value that comes with the signal (supervisor)"),
    ("stack", "Q", "the stack pointer that the last signal found (loop)"),
)
TICK: Final = structure(
    "tick",
    ("signal", "I", "its number (supervisor)"),
    ("code", "I", "its si_code (supervisor)"),
    ("timer", "I", "its si_timerid (supervisor)"),
    ("variants", "I", "how many tasks get it (supervisor)"),
    ("summoned", "I", "the variants that were sent it, and have not got it yet (loop)"),
    ("count", "I", "how many were delivered since the supervisor last looked (loop)"),
    ("head", "Q", "address of a word in the leader's arena: how far it has published (supervisor)"),
    ("level", "Q", "the same: how many calls wait for the followers (supervisor)"),
    ("calls", "Q", "the same: how many calls it has made (supervisor)"),
    ("called", "Q", "how many when the last signal came (both)"),
    (
        "watched",
        f"{2 * len(_WATCHED)}Q",
        "addresses of 32-bit words, and what they hold (supervisor)",
    ),
    ("since_ns", "Q", "when the last signal came (both)"),
    ("before_ns", "Q", "when the one before it came (both)"),
    ("rest_ns", "Q", "until when the program is to get on (both)"),
    ("delays_ns", f"{DELAYS}I", "how long each signal took (loop)"),
    (
        "tasks",
        f"{TICKED.size // 8 * VARIANTS_MAX}Q",
        "struct ticked, the leader's first (supervisor)",
    ),
)
TICKS: Final = structure(
    "ticks",
    ("count", "I", "how many there are (supervisor)"),
    ("kept", "I", "how many stops are still to be told of (loop)"),
    ("waiting", f"{2 * VARIANTS_MAX}Q", "their tasks and statuses (loop)"),
    ("ticks", f"{TICKS_MAX * TICK.size // 8}Q", "struct tick (supervisor)"),
)
_VALUE: Final = struct.Struct("<Q")
_VALUE_PLACE: Final = 24
_CODE: Final = struct.Struct("<I4xI")
_WINDOW: Final = 1 << 20
"""So far from where a task computes is taken for the same code, where no site is patched."""


STRUCTURES: Final = (TICKED, TICK, TICKS)
COUNTS: Final = {"TICK_WATCHED": len(_WATCHED), "TICK_DELAYS": DELAYS}


class Ticked(NamedTuple):
    """A variant's task that is about to get a clock's signal."""

    task: Task
    address: int
    """Of the instruction before which it has stopped."""
    information: bytes
    """Its siginfo."""


class Delivered(NamedTuple):
    """Signals of a clock that the loop has delivered."""

    leader: Task
    since_ns: int
    """When the last one came."""
    before_ns: int
    """When the one before it came."""
    rest_ns: int
    """Until when the program is to get on."""
    called: int
    """How many calls the leader had made."""


class _Known(NamedTuple):
    """A task of which the loop knows, and what must be the same yet."""

    task: Task
    space: AddressSpace
    patches: tuple[int, int]


class Ticks:
    """The clocks that the loop serves by itself."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._memory = ctypes.create_string_buffer(TICKS.size)
        self.address = ctypes.addressof(self._memory)
        self._known: list[list[_Known]] = []
        """By clock, in the loop's order: the variants' tasks, the leader first."""
        self.is_idle: Callable[[Task], bool] = lambda _: False
        """Whether none of a leader's signals waits for anything."""
        self.delivered: Callable[[Delivered], None] = lambda _: None
        """Is told what the loop has delivered."""

    def learn(self, stash: Stash, entered: Sequence[Ticked], until_s: float) -> None:
        """All variants, the leader first, run their handlers for a clock's signal; the program is
        to get on `until_s` (time.monotonic).
        """
        leader = entered[0].task
        self._forget(leader, stash.number)
        if self._monitor.trace is not None:
            return
        if len(self._known) == TICKS_MAX:
            self._remove(0)
        code, timer = _CODE.unpack_from(stash.information, 8)
        arenas, lane = self._monitor.arenas.arenas, leader.set.lane
        watched = []
        for number in _WATCHED:
            watched += [arenas[0].address(lane, "counts") + 4 * number]
            watched += [arenas[0].calls(lane, number)]
        fields: dict[str, Sequence[int]] = {
            "signal": (stash.number,),
            "code": (code,),
            "timer": (timer,),
            "variants": (len(entered),),
            "head": (arenas[0].address(lane, "head"),),
            "level": (arenas[0].address(lane, "level"),),
            "calls": (arenas[0].address(lane, "history_count"),),
            "called": (arenas[0].word(lane, "history_count"),),
            "watched": watched,
            "since_ns": (stash.since_ns,),
            "rest_ns": (int(until_s * 1e9),),
            "tasks": [word for each in entered for word in self._words(each)],
        }
        index = len(self._known)
        start = self._start(index)
        ctypes.memset(self.address + start, 0, TICK.size)
        for name, values in fields.items():
            self._put(start, name, *values)
        spaces = [(each.task, each.task.space) for each in entered]
        self._known.append(
            [_Known(task, space, _patches(space)) for task, space in spaces if space is not None]
        )

    def check(self) -> None:
        """Python code has run: forget every clock of whose tasks something is under way."""
        for index in range(len(self._known) - 1, -1, -1):
            if not self._is_quiet(self._known[index]):
                self._remove(index)
        struct.pack_into("<I", self._memory, TICKS.offset("count"), len(self._known))

    def account(self) -> None:
        """Tell what the loop has done."""
        for index, known in enumerate(self._known):
            start = self._start(index)
            (summoned,) = self._get(start, "summoned")
            (count,) = self._get(start, "count")
            if summoned:
                (number,) = self._get(start, "signal")
                for variant, (task, *_) in enumerate(known):
                    if summoned >> variant & 1:
                        task.summoned = number
            if count:
                self._tell(start, known, count)
            self._put(start, "summoned", 0)
            self._put(start, "count", 0)

    def _tell(self, start: int, known: Sequence[_Known], count: int) -> None:
        (number,) = self._get(start, "signal")
        words = self._get(start, "tasks")
        leader = known[0].task
        for index, (task, *_) in enumerate(known):
            self._monitor.statistics.stop(task.variant.index, "signal", count)
            place = index * TICKED.size + TICKED.offset("stack")
            entered_handlers(task, number, words[place // 8], count)
        self._monitor.dying[leader.process] = number
        delays_ns = self._get(start, "delays_ns")[:count]
        for delay_ns in delays_ns:
            self._monitor.delays.delivered(number, "between_calls", delay_ns)
        self._monitor.delays.inexact += count
        self._monitor.delays.by_loop += count
        since_ns, before_ns, rest_ns, called = (
            self._get(start, name)[0] for name in ("since_ns", "before_ns", "rest_ns", "called")
        )
        self.delivered(Delivered(leader, since_ns, before_ns, rest_ns, called))

    # What is known

    def _is_quiet(self, known: Sequence[_Known]) -> bool:
        """Whether nothing is under way that the loop does not know of."""
        leader = known[0].task
        return (
            len(known) == len(leader.set.tasks) == len(self._monitor.live)
            and not leader.told
            and self.is_idle(leader)
            and all(
                task.space is space and space.users == 1 and patches == _patches(space)
                for task, space, patches in known
            )
            and all(map(_is_free, (task for task, *_ in known)))
        )

    def _forget(self, leader: Task, number: int) -> None:
        for index, known in enumerate(self._known):
            if known[0].task is leader and self._get(self._start(index), "signal") == (number,):
                self._remove(index)
                return

    def _remove(self, index: int) -> None:
        """Forget a clock; the last one takes its place."""
        last = self._known.pop()
        if index < len(self._known):
            self._known[index] = last
            place, source = self._start(index), self._start(len(self._known))
            ctypes.memmove(self.address + place, self.address + source, TICK.size)

    def _words(self, entered: Ticked) -> tuple[int, ...]:
        """The fields of struct ticked."""
        task = entered.task
        arena, lane = self._monitor.arenas.arenas[task.variant.index], task.set.lane
        names = ("tail", "number", "position")
        return (
            *(task.tid, task.process, *_window(task, entered.address)),
            *(arena.address(lane, name) for name in names),
            *(_VALUE.unpack_from(entered.information, _VALUE_PLACE)[0], 0),
        )

    # The loop's memory

    @staticmethod
    def _start(index: int) -> int:
        return TICKS.offset("ticks") + index * TICK.size

    def _put(self, start: int, name: str, *values: int) -> None:
        offset, kind, _ = TICK.fields[name]
        struct.pack_into(f"<{len(values)}{kind[-1]}", self._memory, start + offset, *values)

    def _get(self, start: int, name: str) -> tuple[int, ...]:
        offset, kind, _ = TICK.fields[name]
        return struct.unpack_from(f"<{kind}", self._memory, start + offset)


def _is_free(task: Task) -> bool:
    """Whether the supervisor has nothing else to do with a task."""
    is_waiting = task.stash or task.in_flight or task.closed or task.summoned or task.unblocked
    is_stopping = task.on_exit_stop or task.restart or task.birth or task.executing
    return (
        task.state is State.RUNNING
        and task.reasons is Reason.NONE
        and not (is_waiting or is_stopping or task.entering or task.suspended)
    )


def _patches(space: AddressSpace) -> tuple[int, int]:
    """How much of the code is patched; it changes with every patch."""
    return len(space.sites.rests), len(space.sites.plans)


def _window(task: Task, address: int) -> tuple[int, int]:
    """Where a task computes: addresses around one, none of which is on the way to the agent."""
    assert task.space is not None
    low, high = address - _WINDOW, address + _WINDOW
    if low < task.space.base + ARENAS_OFFSET and task.space.base < high:
        low, high = address, address + 1
    for rest in task.space.sites.rests_between(low, high):
        if rest < address:
            low = max(low, rest + 1)
        else:
            high = min(high, rest)
    return low, high
