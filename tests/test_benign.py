"""Programs that look suspicious and must never diverge (tests/benign/*.c, and scripts).

They print, hash, sort by and hand to the kernel what differs from run to run: time, randomness,
process numbers, names, orders. All of it has one answer in all variants. Lines that begin with "~"
may differ from those of a native run, the others may not.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import known_gaps
import pytest
from conftest import execute

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Unprivileged

FOLDER = Path(__file__).parent / "benign"
LIMIT_S = 60
WAYS = {
    "2": ["-n", "2"],
    "1": ["-n", "1"],
    "2-strict-no-patch": ["-n", "2", "--policy", "strict", "--no-patch"],
    "3-stream": ["-n", "3", "--policy", "stream"],
    "2-nobody": ["-n", "2"],
    "2-verified-translated": ["-n", "2", "--verify", "all", "--pids", "translate"],
}
SCRIPTS = {
    "bash-random": [
        "bash",
        "-c",
        'for i in 1 2 3; do echo "~ $RANDOM $SRANDOM $$ $BASHPID $EPOCHREALTIME"; done',
    ],
    "bash-substitution": [
        "bash",
        "-c",
        "diff <(seq 100 | sort -R | sort -n) <(seq 100) && echo $((2 ** 40))",
    ],
    "shell-job-table": ["sh", "-c", 'sleep 0.1 & echo "~ $! $PPID"; wait; times | sed "s/^/~ /"'],
    "awk-seed": [
        "awk",
        'BEGIN { srand(); print "~ " rand(), srand(); for (k in ENVIRON) print "~ " k }',
    ],
    "perl-hash-order": [
        "perl",
        "-e",
        '%h = map { $_ => 1 } 1 .. 50; print "~ @{[keys %h]} $h $$ @{[rand]}\n"',
    ],
    "perl-reference": [
        "perl",
        "-e",
        '$r = [1]; print "~ ", $r + 0 > 4096 ? "far" : "near", "\n"; print time - $^T < 9',
    ],
    "python-identity": [
        "python3",
        "-c",
        "print('~', id(object()), hash('text'), hash(object()), {str(i) for i in range(30)})",
    ],
    "python-random": [
        "python3",
        "-c",
        (
            "import random, uuid, secrets;"
            "print('~', random.random(), uuid.uuid1(), uuid.uuid4(), secrets.token_hex())"
        ),
    ],
    "python-temporary": [
        "python3",
        "-c",
        (
            "import tempfile, os; f = tempfile.NamedTemporaryFile();"
            "print('~', f.name, os.stat(f.name))"
        ),
    ],
    "openssl-random": ["openssl", "rand", "-hex", "16"],
    "ps": ["sh", "-c", "ps -ef >list 2>/dev/null; cat /proc/self/stat | wc -w"],
    "date-and-uuid": [
        "sh",
        "-c",
        'echo "~" $(date +%N) $(cat /proc/sys/kernel/random/uuid) $(mktemp -u)',
    ],
    "sort-random": [
        "sh",
        "-c",
        "seq 50 | sort -R | sort -n | md5sum; shuf -i 1-50 | sort -n | md5sum",
    ],
}
ALL_DIFFERS = {"openssl-random"}


def fixed_lines(output: str, name: str) -> list[str]:
    """Return the lines that a native run prints too."""
    lines = [] if name in ALL_DIFFERS else output.splitlines()
    return [line for line in lines if not line.startswith("~")]


def run(
    command: list[str], place: Path, options: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    place.mkdir()
    place.chmod(0o777)
    return execute(command, place, LIMIT_S, options)


NAMES = [*(source.stem for source in sorted(FOLDER.glob("*.c"))), *SCRIPTS]


def ways(name: str, matrix: str) -> list[str]:
    """Return the ways to run it: the usual one and another, which depends on the name, or all."""
    usual, *others = WAYS
    another = others[zlib.crc32(name.encode()) % len(others)]
    return list(WAYS) if matrix == "full" else [usual, another]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        matrix = metafunc.config.getoption("matrix")
        cases = [(name, way) for name in NAMES for way in ways(name, matrix)]
        metafunc.parametrize(("name", "way"), cases, ids=["-".join(case) for case in cases])


def test_benign(
    name: str,
    way: str,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    unprivileged: Unprivileged,
    work_place: Path,
    request: pytest.FixtureRequest,
) -> None:
    if cause := known_gaps.BENIGN.get(name) or known_gaps.BENIGN.get(f"{name}-{way}"):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    if name in SCRIPTS:
        command = SCRIPTS[name]
        if not shutil.which(command[0]):
            pytest.skip(f"no {command[0]}")
    else:
        command = [str(compiled(FOLDER / f"{name}.c")), "one", "two"]
    start, options = mvx_command, {}
    if "nobody" in way:
        start, options = unprivileged.command, unprivileged.options
    native = run(command, work_place / "natively", options)
    under_mvx = [*start, "run", *WAYS[way], "--", *command]
    result = run(under_mvx, work_place / "under-mvx", options)
    again = f"again: cd {work_place} && {shlex.join(result.args)}\n{result.stderr}"
    assert (native.returncode, native.stderr) == (0, "")
    assert result.stderr == "", again
    assert result.returncode == 0, again
    assert bool(result.stdout) == bool(native.stdout)
    assert fixed_lines(result.stdout, name) == fixed_lines(native.stdout, name), again


def test_benign_programs_are_many() -> None:
    names = {source.stem for source in FOLDER.glob("*.c")}
    assert len(names) >= 12
    cases = {f"{name}-{way}" for name in NAMES for way in WAYS}
    assert set(known_gaps.BENIGN) <= cases | set(NAMES)
