"""Stops that several parts of the supervisor ask for: none is forgotten, whatever stop comes."""

from __future__ import annotations

import pytest

from mvx import interrupts
from mvx.interrupts import Reason
from mvx.tasks import State, Task, TaskSet, Variant

TID = 4711


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which every interrupt that is sent adds the thread's number."""
    numbers: list[int] = []
    monkeypatch.setattr("mvx.kernel.interrupt", numbers.append)
    return numbers


@pytest.fixture
def task() -> Task:
    return Task(TID, TID, Variant(1, 0), TaskSet(1, 0, TID, TID))


def test_a_reason_interrupts_once(task: Task, sent: list[int]) -> None:
    for _ in range(3):
        interrupts.ask(task, Reason.TURN)
    assert sent == [TID]


def test_another_stop_does_not_lose_it(task: Task, sent: list[int]) -> None:
    interrupts.ask(task, Reason.TURN)
    interrupts.renew(task)
    assert sent == [TID, TID]
    assert interrupts.taken(task) == Reason.TURN
    interrupts.renew(task)
    assert sent == [TID, TID]


def test_reasons_add_up(task: Task, sent: list[int]) -> None:
    interrupts.ask(task, Reason.TURN)
    interrupts.ask(task, Reason.DELIVERY)
    assert sent == [TID, TID]
    assert interrupts.taken(task) == Reason.TURN | Reason.DELIVERY
    assert interrupts.taken(task) == Reason.NONE


@pytest.mark.parametrize("state", [State.GATHERED, State.STOPPED, State.ENDED])
def test_who_does_not_run_is_not_asked(state: State, task: Task, sent: list[int]) -> None:
    interrupts.ask(task, Reason.JOB)
    task.state = state
    interrupts.renew(task)
    interrupts.ask(task, Reason.TURN)
    assert sent == [TID]
    assert interrupts.taken(task) == Reason.NONE
