"""Signals that every variant gets its own copy of: `--signals quorum`.

That programs behave as natively then, test_signals.py shows. Here copies are missing.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parent / "ballots"
LIMIT_S = 60
WAIT = "50000000"
"""Iterations that a variant waits for its copy: some 20 ms of a processor."""


class Counter(NamedTuple):
    """A program that counts signals, in its variants."""

    process: subprocess.Popen[str]
    variants: list[int]
    """Their processes, the leader's first."""

    def end(self) -> tuple[int, str, str]:
        """Status, output and errors of mvx."""
        output, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, output, errors


@contextmanager
def counter(command: list[str], program: Path, count: int, *words: str) -> Iterator[Counter]:
    """Start one with three variants, in the midst of computing or of calls (the last word)."""
    *options, way = words
    arguments = [*command, "run", "-n3", "--signals=quorum", f"--signal-wait={WAIT}", *options]
    with subprocess.Popen(
        [*arguments, "--", str(program), str(count), way],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        leader = int(process.stdout.readline())
        try:
            yield Counter(process, [leader, *followers(process.pid, leader)])
        finally:
            process.kill()


def followers(monitor: int, leader: int) -> list[int]:
    """The other processes of the program, in the order in which they were made."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != leader:
            try:
                content = (entry / "status").read_text()
            except OSError:
                continue
            if f"\nTracerPid:\t{monitor}\n" in content:
                found.append(int(entry.name))
    return sorted(found)


@pytest.fixture
def program(compiled: Callable[..., Path]) -> Path:
    return compiled(FOLDER / "counts_signals.c")


@pytest.mark.parametrize("way", ["computes", "pauses"])
def test_enough_copies_and_all_come(mvx_command: list[str], program: Path, way: str) -> None:
    with counter(mvx_command, program, 2, way) as run:
        for _ in range(2):
            for variant in reversed(run.variants):
                os.kill(variant, signal.SIGUSR1)
                time.sleep(0.01)
            time.sleep(0.2)
        assert run.end() == (0, "counted\n", "")


@pytest.mark.parametrize("way", ["computes", "pauses"])
def test_a_copy_that_never_comes_is_found_and_named(
    mvx_command: list[str], program: Path, way: str, tmp_path: Path
) -> None:
    saved = tmp_path / "report.json"
    with counter(mvx_command, program, 1, f"--report={saved}", way) as run:
        os.kill(run.variants[2], signal.SIGUSR1)
        os.kill(run.variants[0], signal.SIGUSR1)
        sent = time.monotonic()
        status, output, errors = run.end()
        taken_s = time.monotonic() - sent
    assert (status, output) == (121, "")
    assert f"variant 1 did not get its copy of SIGUSR1 within {WAIT} iterations" in errors
    assert taken_s < LIMIT_S / 2  # the set time is a fraction of a second
    assert json.loads(saved.read_text())["kind"] == "timeout"


def test_the_minoritys_copy_is_kept(mvx_command: list[str], program: Path) -> None:
    with counter(mvx_command, program, 1, "computes") as run:
        os.kill(run.variants[1], signal.SIGUSR1)
        time.sleep(0.5)
        assert run.process.poll() is None  # ignored for now
        os.kill(run.variants[0], signal.SIGUSR1)
        os.kill(run.variants[2], signal.SIGUSR1)
        assert run.end() == (0, "counted\n", "")


def test_the_share_that_is_enough_can_be_set(mvx_command: list[str], program: Path) -> None:
    with counter(mvx_command, program, 1, "--signal-quorum=1", "computes") as run:
        os.kill(run.variants[1], signal.SIGUSR1)
        os.kill(run.variants[2], signal.SIGUSR1)
        time.sleep(0.5)
        assert run.process.poll() is None
        os.kill(run.variants[0], signal.SIGUSR1)
        assert run.end() == (0, "counted\n", "")


def test_every_variant_gets_what_is_sent_to_mvx(mvx_command: list[str], program: Path) -> None:
    with counter(mvx_command, program, 1, "computes") as run:
        run.process.send_signal(signal.SIGUSR1)
        assert run.end() == (0, "counted\n", "")


def test_a_noncompliant_variant_can_be_dropped(mvx_command: list[str], program: Path) -> None:
    with counter(mvx_command, program, 1, "--on-divergence=drop", "computes") as run:
        os.kill(run.variants[0], signal.SIGUSR1)
        os.kill(run.variants[1], signal.SIGUSR1)
        status, output, errors = run.end()
    assert (status, output) == (0, "counted\n")
    assert "variant 2 did not get its copy of SIGUSR1" in errors


@pytest.mark.parametrize("mode", ["leader", "quorum"])
def test_a_handler_that_differs_is_reported_with_its_signal(
    mvx_command: list[str], compiled: Callable[..., Path], tmp_path: Path, mode: str
) -> None:
    saved = tmp_path / "report.json"
    words = ["run", f"--signals={mode}", f"--report={saved}", "--"]
    done = subprocess.run(
        [*mvx_command, *words, str(compiled(FOLDER / "handler_differs.c"))],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 121
    report = json.loads(saved.read_text())
    assert (report["kind"], report["signal"]) == ("argument", "SIGALRM")
    for variant in report["variants"]:
        assert variant["state"] == "at the call, in its handler of SIGALRM"
