"""Programs of several threads (tests/threads): valid under any interleaving, they check themselves.

Under mvx there is one interleaving for all variants: a program that prints what it saw diverges
where the order of turns is not the same. `--repetitions 100` is for a long look.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from subprocess import PIPE

import known_gaps
import pytest
from conftest import execute, work_folder

FOLDER = Path(__file__).parent / "threads"
LIMIT_S = 60
WAYS = {
    "2": ["-n", "2"],
    "3": ["-n", "3"],
    "2-no-patch": ["-n", "2", "--no-patch"],
    "3-no-patch": ["-n", "3", "--no-patch"],
    "2-strict": ["-n", "2", "--policy", "strict"],
    "2-translated": ["-n", "2", "--pids", "translate"],
}
SOURCES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".c", ".cc", ".go", ".py"})
STRICT = ("-O1", "-Wall", "-Wextra", "-Werror", "-pthread")


def ways(name: str, matrix: str) -> list[str]:
    """Return the ways to run a program: one that depends on its name, or all."""
    return list(WAYS) if matrix == "full" else [list(WAYS)[zlib.crc32(name.encode()) % len(WAYS)]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        matrix = metafunc.config.getoption("matrix")
        cases = [(source, way) for source in SOURCES for way in ways(source.stem, matrix)]
        names = [f"{source.stem}-{way}" for source, way in cases]
        metafunc.parametrize(("source", "way"), cases, ids=names)


def builder(source: Path, target: Path) -> list[str]:
    """Return the command that builds a program."""
    name = source.name
    if source.suffix == ".go":
        return ["go", "build", "-o", str(target), str(source)]
    if source.suffix == ".cc":
        return ["g++", "-std=c++20", *STRICT, "-o", str(target), str(source)]
    if name.startswith("musl_"):
        return ["musl-gcc", "-static", "-O1", "-pthread", "-o", str(target), str(source)]
    openmp = ["-fopenmp"] if name.startswith("openmp_") else []
    return ["gcc", *STRICT, *openmp, "-o", str(target), str(source), "-lrt", "-ldl"]


def built(source: Path) -> list[str]:
    """Build a program, once in this session, and return how to start it."""
    if source.suffix == ".py":
        return [sys.executable, str(source)]
    target = work_folder() / "threads" / source.stem
    target.parent.mkdir(exist_ok=True)
    if not target.exists():  # else another worker was there first
        unfinished = target.with_name(f"{target.name}-{os.getpid()}")
        command = builder(source, unfinished)
        if shutil.which(command[0]) is None:
            pytest.skip(f"no {command[0]}")
        environment = {**os.environ, "CGO_ENABLED": "0"}
        environment.setdefault("GOCACHE", str(work_folder() / "go"))
        subprocess.run(command, check=True, env=environment)
        unfinished.rename(target)
    return [str(target)]


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    place.mkdir()
    return execute(command, place, LIMIT_S)


def test_threads(
    source: Path, way: str, mvx_command: list[str], work_place: Path, request: pytest.FixtureRequest
) -> None:
    if cause := known_gaps.THREADS.get(source.stem):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError, strict=False))
    program = built(source)
    native = run(program, work_place / "natively")
    assert (native.returncode, native.stderr) == (0, "")
    command = [*mvx_command, "run", *WAYS[way], "--", *program]
    for repetition in range(request.config.getoption("repetitions")):
        result = run(command, work_place / f"under-mvx-{repetition}")
        again = f"again: cd {work_place} && {shlex.join(command)}\n{result.stderr}"
        assert (result.returncode, result.stderr) == (0, ""), again
        assert bool(result.stdout) == bool(native.stdout), again


def test_programs_are_many() -> None:
    assert len(SOURCES) >= 50
    assert set(known_gaps.THREADS) <= {source.stem for source in SOURCES}


def test_turns_taken_away_are_counted(mvx_command: list[str], work_place: Path) -> None:
    program = built(FOLDER / "spin_with_pause.c")
    target = work_place / "statistics"
    command = [*mvx_command, "run", "--statistics", str(target), "--", *program]
    assert run(command, work_place / "under-mvx").returncode == 0
    counted = json.loads(target.read_text())["preemptions"]
    assert counted["spinning"] > 0
    assert counted["computing"] == 0


def test_small_writes_do_not_cost_turns(mvx_command: list[str], work_place: Path) -> None:
    program = built(FOLDER / "writes_beside_computing.c")
    target = work_place / "statistics"
    command = [*mvx_command, "run", "--statistics", str(target), "--", *program]
    assert run(command, work_place / "under-mvx").returncode == 0
    counted = json.loads(target.read_text())["preemptions"]
    assert sum(counted[kind] for kind in ("spinning", "computing")) < 1000 / 20  # its writes


KILLED_FROM_OUTSIDE = """
import mmap, os
counter = mmap.mmap(-1, 4096)
for _ in range(6):
    if not (child := os.fork()):
        print(os.getpid(), flush=True)
        while True:
            counter[:4] = (int.from_bytes(counter[:4]) + 1).to_bytes(4)
            for _ in range(300):
                os.getppid()
    os.waitpid(child, 0)
    print("counted", int.from_bytes(counter[:4]), flush=True)
"""


def test_killed_process_leaves_what_it_did(mvx_command: list[str]) -> None:
    """A follower that is behind first does to shared memory what its leader did."""
    command = [*mvx_command, "run", "--policy", "stream", "--", sys.executable, "-c"]
    with subprocess.Popen([*command, KILLED_FROM_OUTSIDE], stdout=PIPE, stderr=PIPE) as mvx:
        assert mvx.stdout is not None
        assert mvx.stderr is not None
        for line in mvx.stdout:
            if not line.startswith(b"counted"):
                time.sleep(0.05)
                os.kill(int(line), signal.SIGKILL)
        assert mvx.stderr.read() == b""
    assert mvx.returncode == 0
