"""Threads in parallel (`--threads ordered`): the programs of tests/threads; what is found in code.

What cannot be ordered runs one at a time, and says so; what is known to go wrong is in known_gaps.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import known_gaps
import pytest
from test_threads import FOLDER, SOURCES, built, run

from mvx import atomics, rules
from mvx.order import SpaceOrder
from mvx.ordering import Ordering, Ways

LIMIT_S = 60
WAYS = (["-n", "2"], ["-n", "3"], ["-n", "2", "--no-patch"], ["-n", "2", "--policy", "strict"])
SERIAL = re.compile(r"mvx: warning: \S+: threads run one at a time \(--threads serial\): .+\n")
LOCKED = re.compile(r"\s*([0-9a-f]+):\t([0-9a-f ]+)\t(lock \w+|xchg) +.*[(%].*\(")


@pytest.mark.parametrize("source", SOURCES, ids=[source.stem for source in SOURCES])
def test_threads_in_parallel(
    source: Path, mvx_command: list[str], work_place: Path, request: pytest.FixtureRequest
) -> None:
    if cause := known_gaps.ORDERED.get(source.stem):
        pytest.skip(cause)
    chance = zlib.crc32(source.stem.encode())
    if request.config.getoption("matrix") != "full" and chance % 8 // 4:
        pytest.skip("half of them: all with --matrix full")
    way = WAYS[chance % len(WAYS)]
    program = built(source)
    command = [*mvx_command, "run", *way, "--threads", "ordered", "--", *program]
    for repetition in range(request.config.getoption("repetitions")):
        result = run(command, work_place / f"under-mvx-{repetition}")
        assert result.returncode == 0, result.stderr
        if source.stem in known_gaps.SERIAL:
            assert SERIAL.fullmatch(result.stderr)
        else:
            assert result.stderr == ""


def test_most_programs_run_in_parallel() -> None:
    stems = {source.stem for source in SOURCES}
    left = {*known_gaps.ORDERED, *known_gaps.SERIAL}
    assert left <= stems
    assert len(left) * 4 < len(stems)


def test_what_needs_no_order_runs_at_once(mvx_command: list[str], work_place: Path) -> None:
    """Threads that have the processor together: none is ever made to lose its turn."""
    program = built(FOLDER / "spin_with_pause.c")
    target = work_place / "statistics"
    command = [*mvx_command, "run", "--threads", "ordered", "--statistics", str(target), "--"]
    assert run([*command, *program], work_place / "under-mvx").returncode == 0
    counted = json.loads(target.read_text())["preemptions"]
    assert counted["spinning"] == counted["computing"] == 0


WAY = '[[threads]]\nreason = "x"\nprogram = "{}"\nway = "{}"\n'


@pytest.mark.parametrize(
    ("asked", "program", "way", "parallel"),
    [
        ("auto", "*/spin_with_pause", "ordered", True),
        ("auto", "*/xz", "ordered", False),
        ("ordered", "*/spin_with_pause", "serial", False),
        ("serial", "*/spin_with_pause", "ordered", False),
    ],
)
def test_rules_choose_how_threads_run(
    asked: str, program: str, way: str, *, parallel: bool, mvx_command: list[str], work_place: Path
) -> None:
    """One that spins loses its turn where threads have turns, and only there."""
    file, target = work_place / "rules.toml", work_place / "statistics"
    file.write_text(WAY.format(program, way))
    options = ["--threads", asked, "--rules", str(file), "--statistics", str(target)]
    command = [*mvx_command, "run", *options, "--", *built(FOLDER / "spin_with_pause.c")]
    assert run(command, work_place / "under-mvx").returncode == 0
    assert (json.loads(target.read_text())["preemptions"]["spinning"] == 0) == parallel


def test_calibration_proposes_how_threads_run(mvx_command: list[str], work_place: Path) -> None:
    target = work_place / "rules.toml"
    (program,) = built(FOLDER / "spin_with_pause.c")
    options = ["--threads", "ordered", "--calibrate", str(target)]
    command = [*mvx_command, "run", *options, "--", program]
    assert run(command, work_place / "under-mvx").returncode == 0
    (proposed,) = rules.load(target).threads
    assert (proposed.program, proposed.way) == (str(program), "ordered")


def test_threads_that_disagreed_in_parallel_are_to_run_one_at_a_time() -> None:
    warned: list[str] = []
    options = SimpleNamespace(site_cache=False)
    monitor: Any = SimpleNamespace(options=options, warn=lambda _, message: warned.append(message))
    ordering = Ordering(monitor, Ways(ordered=True, exceptions=()))
    order = SpaceOrder()
    order.is_parallel = True
    space: Any = SimpleNamespace(order=order)
    task: Any = SimpleNamespace(tid=os.getpid(), space=space)
    ordering.ran(task)
    ordering.diverged(task)
    (proposed,) = ordering.proposals()
    assert (proposed.program, proposed.way) == (os.readlink("/proc/self/exe"), "serial")
    assert "disagree" in warned[0]


@pytest.mark.parametrize("name", ["libstdc++.so.6", "libc.so.6"])
def test_atomic_instructions_are_those_of_objdump(name: str) -> None:
    path = f"/lib/x86_64-linux-gnu/{name}"
    content = Path(path).read_bytes()
    found = {each.place: each for each in atomics.find(content) if not each.is_plain}
    words = ["objdump", "-d", "-w", "-j", ".text", path]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    expected = {
        int(match[1], 16): len(bytes.fromhex(match[2]))
        for line in text.splitlines()
        if (match := LOCKED.match(line)) and "(%rsp)" not in line
    }
    assert len(expected) > 400
    assert expected.keys() <= found.keys()
    assert all(found[place].length == size for place, size in expected.items())
    again = atomics.remembered(content, atomics.marks(list(found.values())))
    assert again == [found[place] for place in sorted(found)]


def test_plain_accesses_to_atomic_variables_are_found(work_place: Path) -> None:
    source = work_place / "program.c"
    source.write_text(
        "static int shared, other;\n"
        "int main(void) { __atomic_add_fetch(&shared, 1, 5);\n"
        "while (__atomic_load_n(&shared, 5) < 3) other++; return other; }\n"
    )
    program = work_place / "program"
    subprocess.run(["gcc", "-O1", "-o", str(program), str(source)], check=True)
    found = atomics.find(program.read_bytes())
    assert {"ADD", "LOAD"} == {each.operation for each in found}
    addresses = {each.place + each.length + each.displacement for each in found}
    assert len(addresses) == 1
