"""How variants wait for each other, and what is kept of measurements of the machine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mvx import machine, waiting

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDS = {"speed": (1.0, 100.0)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mvx/machine.json"


def test_a_measurement_is_made_once(cache: Path) -> None:
    made = []

    def measure() -> dict[str, float]:
        made.append(1)
        return {"speed": 50.0}

    assert [machine.recall("test", BOUNDS, measure) for _ in range(3)] == [{"speed": 50.0}] * 3
    assert len(made) == 1
    cache.unlink()
    machine.recall("test", BOUNDS, measure)
    assert len(made) == 2


@pytest.mark.parametrize(
    "values",
    [{"speed": 0.5}, {"speed": float("nan")}, {"speed": "9"}, {"speed": True}, {}, [], None, 9],
)
def test_what_cannot_be_true_is_measured_again(cache: Path, values: object) -> None:
    machine.recall("test", BOUNDS, lambda: {"speed": 3.0})
    document = json.loads(cache.read_text())
    document["measured"]["test"] = values
    cache.write_text(json.dumps(document))
    assert machine.recall("test", BOUNDS, lambda: {"speed": 4.0}) == {"speed": 4.0}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 60000, b'{"signature": 1}', b"[]"])
def test_a_spoilt_file_does_no_harm(cache: Path, content: bytes) -> None:
    cache.parent.mkdir()
    cache.write_bytes(content)
    assert machine.recall("test", BOUNDS, lambda: {"speed": 4.0}) == {"speed": 4.0}


def test_another_boot_is_another_machine(cache: Path) -> None:
    machine.recall("test", BOUNDS, lambda: {"speed": 3.0})
    document = json.loads(cache.read_text())
    document["signature"][1] = "another boot"
    cache.write_text(json.dumps(document))
    assert machine.recall("test", BOUNDS, lambda: {"speed": 4.0}) == {"speed": 4.0}


def test_a_home_that_cannot_be_written_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert machine.recall("test", BOUNDS, lambda: {"speed": 4.0}) == {"speed": 4.0}
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    assert not machine.place()
    assert machine.recall("test", BOUNDS, lambda: {"speed": 5.0}) == {"speed": 5.0}


def test_costs_are_within_bounds(cache: Path) -> None:
    costs = waiting.costs()
    assert 500 <= costs.wake_ns <= 1e6
    assert costs.turns > 0
    assert costs == waiting.costs()
    assert cache.exists()


@pytest.fixture
def free_machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(waiting.os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(waiting, "costs", lambda: waiting.Costs(20000.0, 20.0))
    monkeypatch.setattr(waiting, "LOOK_S", 0.0)
    return monkeypatch


@pytest.mark.parametrize(
    ("mode", "variants", "turns", "learns"),
    [
        ("auto", 2, 8000, True),
        ("auto", 1, 0, False),
        ("auto", 3, 0, False),  # more variants than CPUs
        ("sleep", 2, 0, False),
        ("spin", 3, 500_000, False),
    ],
)
def test_how_long_to_spin(
    free_machine: pytest.MonkeyPatch,
    mode: waiting.Wait,
    variants: int,
    turns: int,
    learns: bool,
) -> None:
    del free_machine
    chosen = waiting.Waiting(mode, variants)
    assert (chosen.turns, chosen.wake_ns > 0, chosen.watches) == (turns, learns, learns)


def test_nobody_spins_while_the_machine_is_crowded(free_machine: pytest.MonkeyPatch) -> None:
    chosen = waiting.Waiting("auto", 2)
    free_machine.setattr(waiting, "is_crowded", lambda _: True)
    changes = [chosen.has_changed() for _ in range(3)]
    assert (sum(changes), chosen.turns) == (1, 0)
    free_machine.setattr(waiting, "is_crowded", lambda _: False)
    assert not chosen.has_changed()  # one look is a moment
    changes = [chosen.has_changed() for _ in range(20)]
    assert (sum(changes), chosen.turns) == (1, 8000)


def test_a_follower_that_spins_is_no_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(waiting, "running", lambda: 4)  # supervisor, server, follower, client
    assert not waiting.is_crowded(1)
    assert waiting.is_crowded(0)


@pytest.mark.parametrize("mode", ["auto", "spin", "sleep"])
def test_every_way_of_waiting_gives_the_same(mvx_command: list[str], mode: str) -> None:
    command = [*mvx_command, "run", "--wait", mode, "-n", "2", "--policy", "strict", "--"]
    program = ["sh", "-c", "i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done | tail -n 2"]
    run = subprocess.run(
        [*command, *program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.stdout, run.stderr, run.returncode) == ("298\n299\n", "", 0)


def test_follower_that_waits_already_sees_a_call_that_blocks(
    mvx_command: list[str], compiled: Callable[..., Path]
) -> None:
    """The leader does not wake it for a call before which it need not wait: it looks by itself."""
    source = Path(__file__).parent / "variants" / "ahead.c"
    leader, follower = compiled(source), compiled(source, "-DWRONG")
    words = ["run", "--wait", "sleep", "--timeout", "20", "--variant", str(follower), "--"]
    run = subprocess.run([*mvx_command, *words, leader], capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (121, b"")
    assert b"divergence" in run.stderr
