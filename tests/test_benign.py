"""Programs that look suspicious and must never diverge (tests/benign/*.c, and scripts).

They print, hash, sort by and hand to the kernel what differs from run to run: time, randomness,
process numbers, names, orders. All of it has one answer in all variants. Lines that begin with "~"
may differ from those of a native run, the others may not.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import known_gaps
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parent / "benign"
LIMIT_S = 60
WAYS = {
    "2-effects": ["-n", "2"],
    "2-strict-no-patch": ["-n", "2", "--policy", "strict", "--no-patch"],
    "3-stream": ["-n", "3", "--policy", "stream"],
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


def run(command: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    place.mkdir()
    return subprocess.run(
        command,
        cwd=place,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "name", [*(source.stem for source in sorted(FOLDER.glob("*.c"))), *SCRIPTS]
)
def test_benign(
    name: str,
    way: str,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
    request: pytest.FixtureRequest,
) -> None:
    if cause := known_gaps.BENIGN.get(name):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    if name in SCRIPTS:
        command = SCRIPTS[name]
        if not shutil.which(command[0]):
            pytest.skip(f"no {command[0]}")
    else:
        command = [str(compiled(FOLDER / f"{name}.c")), "one", "two"]
    native = run(command, work_place / "natively")
    result = run([*mvx_command, "run", *WAYS[way], "--", *command], work_place / "under-mvx")
    again = f"again: cd {work_place} && {shlex.join(result.args)}\n{result.stderr}"
    assert (native.returncode, native.stderr) == (0, "")
    assert result.stderr == "", again
    assert result.returncode == 0, again
    assert bool(result.stdout) == bool(native.stdout)
    assert fixed_lines(result.stdout, name) == fixed_lines(native.stdout, name), again


def test_benign_programs_are_many() -> None:
    names = {source.stem for source in FOLDER.glob("*.c")}
    assert len(names) >= 12
    assert set(known_gaps.BENIGN) <= names | set(SCRIPTS)
