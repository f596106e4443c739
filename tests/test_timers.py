"""How often timers fire, as the calls tell that arm them."""

from __future__ import annotations

import signal
import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from mvx import kernel
from mvx.kernel import Registers
from mvx.timers import Timers

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

ALARM, SETITIMER, TIMER_SETTIME = 37, 38, 223
PLACE = 0x1000
PROCESS = 77


def armed(timers: Timers, number: int, *arguments: int, memory: bytes = b"") -> None:
    """Let a leader make a call that arms a timer, with `memory` at PLACE."""
    space = SimpleNamespace(memory=SimpleNamespace(readable=lambda _, size: memory[:size]))
    task = cast("Task", SimpleNamespace(process=PROCESS, space=space))
    names = ("rdi", "rsi", "rdx")
    timers.armed(task, Registers(orig_rax=number, **dict(zip(names, arguments, strict=False))))


def period_ns(timers: Timers, number: int, code: int, timer: int = 0) -> int:
    leader = cast("Task", SimpleNamespace(process=PROCESS))
    return timers.period_ns(leader, number, struct.pack("<iiiiii", number, 0, code, 0, timer, 0))


@pytest.fixture
def timers() -> Timers:
    return Timers(cast("Monitor", SimpleNamespace()))


def test_interval_timers_are_told_apart(timers: Timers) -> None:
    armed(timers, SETITIMER, 0, PLACE, memory=struct.pack("<4q", 1, 5, 9, 9))
    armed(timers, SETITIMER, 2, PLACE, memory=struct.pack("<4q", 0, 7, 9, 9))
    assert period_ns(timers, signal.SIGALRM, kernel.SI_KERNEL) == 1_000_005_000
    assert period_ns(timers, signal.SIGPROF, kernel.SI_KERNEL) == 7_000
    assert period_ns(timers, signal.SIGVTALRM, kernel.SI_KERNEL) == 0


def test_an_alarm_takes_the_place_of_an_interval(timers: Timers) -> None:
    armed(timers, SETITIMER, 0, PLACE, memory=struct.pack("<4q", 0, 7, 9, 9))
    armed(timers, ALARM, 3)
    assert period_ns(timers, signal.SIGALRM, kernel.SI_KERNEL) == 0


def test_posix_timers_have_numbers(timers: Timers) -> None:
    armed(timers, TIMER_SETTIME, 3, 0, PLACE, memory=struct.pack("<4q", 0, 250, 9, 9))
    assert period_ns(timers, signal.SIGUSR1, kernel.SI_TIMER, 3) == 250
    assert period_ns(timers, signal.SIGUSR1, kernel.SI_TIMER, 2) == 0


def test_what_cannot_be_read_arms_nothing(timers: Timers) -> None:
    armed(timers, TIMER_SETTIME, 0, 0, PLACE)
    assert period_ns(timers, signal.SIGALRM, kernel.SI_TIMER) == 0
