"""Every order of steps of the turn protocol's model: no deadlock, one order of events."""

from __future__ import annotations

import pytest
from turn_model import Model, Operation, WrongError

CALL: Operation = ("call",)
BLOCK: Operation = ("block",)


def wait(flag: str) -> Operation:
    return ("wait", flag)


def wake(flag: str) -> Operation:
    return ("wake", flag)


def spin(flag: str) -> Operation:
    return ("spin", flag)


DIE: Operation = ("die",)
MORE = {"preemption": 2, "signal": 1, "timeout": 1}
PROGRAMS: dict[str, tuple[tuple[Operation, ...], ...]] = {
    "calls": ((CALL, BLOCK), (BLOCK, CALL)),
    "three threads": ((BLOCK,), (CALL,), (BLOCK,)),
    "hand-over": ((wake("a"), wait("b")), (wait("a"), wake("b"))),
    "two waiters": ((wake("a"), wake("a")), (wait("a"),), (wait("a"),)),
    "wakes among calls": ((wake("a"), wake("b"), CALL), (wait("a"), wait("b"))),
    "spinner": ((spin("a"), CALL), (wake("a"), CALL)),
    "spinner and blocked": ((spin("a"),), (BLOCK, wake("a"))),
    "killed among calls": ((CALL, BLOCK, CALL), (BLOCK, DIE), (BLOCK,)),
    "killed at once": ((CALL, BLOCK), (DIE,)),
    "killed with a call to come": ((BLOCK, CALL), (CALL, BLOCK, DIE, CALL)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_order_is_good(name: str) -> None:
    model = Model(PROGRAMS[name])
    budget = {"preemption": 1} if len(PROGRAMS[name]) > 2 else MORE
    assert model.explore(model.start(**budget)) > 500


FAULTS = {
    "wakes are not announced": ("wakes among calls", {"preemption": 1}),
    "followers keep their turn": ("spinner", {"preemption": 1}),
    "turns of the dead stay": ("killed among calls", {}),
    "preempted on the way into a handler": ("spinner", {"preemption": 1, "signal": 1}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_rule_is_needed(fault: str) -> None:
    name, budget = FAULTS[fault]
    model = Model(PROGRAMS[name], fault)
    with pytest.raises(WrongError):
        model.explore(model.start(**budget))
