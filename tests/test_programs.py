"""Every program of tests/programs behaves under mvx as it does natively: output and exit status.

The programs check themselves, one behaviour each, and print deterministic lines. By default each
runs with two variants under the policy `effects`, and in one more combination, another one for each
program; `--matrix=full` runs every combination.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import known_gaps
import pytest
from conftest import execute

from mvx.options import POLICIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Unprivileged

FOLDER = Path(__file__).parent / "programs"
NATIVE_LIMIT_S = 15
LIMIT_S = 60


class Combination(NamedTuple):
    """How a program is run."""

    variants: int = 2
    policy: str = "effects"
    user: str = "caller"
    """The caller, or nobody when the caller is root."""
    patch: bool = True
    pids: str = "auto"
    """How followers get the leader's process numbers."""
    verify: str = "sensitive"

    def __str__(self) -> str:
        """Name the combination as in the name of the test: what is not usual is said."""
        said = [
            word
            for word, usual in (
                (self.user, "caller"),
                ("patch" if self.patch else "no-patch", "patch"),
                (self.pids, "auto"),
                (f"verify-{self.verify}", "verify-sensitive"),
            )
            if word != usual
        ]
        return "-".join([str(self.variants), self.policy, *said])

    @property
    def words(self) -> list[str]:
        """The arguments of mvx before the program."""
        patch = [] if self.patch else ["--no-patch"]
        pids = [] if self.pids == "auto" else ["--pids", self.pids]
        verify = [] if self.verify == "sensitive" else ["--verify", self.verify]
        options = ["-n", str(self.variants), "--policy", self.policy, *patch, *pids, *verify]
        return ["run", *options, "--"]


USERS = ["caller", "nobody"] if os.geteuid() == 0 else ["caller"]
ALL = [
    *itertools.starmap(Combination, itertools.product((1, 2, 3), POLICIES, USERS, (True, False))),
    *(Combination(pids="translate", user=user) for user in USERS),
    Combination(3, "strict", pids="translate"),
    *(Combination(verify=verify, user=user) for verify in ("effects", "all") for user in USERS),
    Combination(3, "strict", verify="all"),
]
DEFAULT = Combination()
OTHERS = [one for one in ALL if one != DEFAULT]


def combinations(name: str, matrix: str) -> list[Combination]:
    if matrix == "full":
        return ALL
    return [DEFAULT, OTHERS[zlib.crc32(name.encode()) % len(OTHERS)]]


def expectation(name: str, combination: Combination) -> list[pytest.MarkDecorator]:
    """Return what known_gaps.py says of a program in a combination."""
    followers = combination.variants > 1
    whole = f"{name}[{combination}]"
    if cause := known_gaps.PROGRAMS.get(name) or known_gaps.COMBINATIONS.get(whole):
        return [pytest.mark.xfail(reason=cause, raises=AssertionError)]
    if followers and (cause := known_gaps.WITH_FOLLOWERS.get(name)):
        return [pytest.mark.xfail(reason=cause, raises=AssertionError)]
    if followers and combination.pids == "translate" and (cause := known_gaps.TRANSLATED.get(name)):
        return [pytest.mark.xfail(reason=cause, raises=AssertionError)]
    verified = combination.verify != "sensitive"
    if followers and verified and (cause := known_gaps.VERIFIED.get(name)):
        return [pytest.mark.xfail(reason=cause, raises=AssertionError)]
    stream = known_gaps.STREAM_RACES if combination.policy == "stream" else {}
    if followers and (cause := known_gaps.RACES.get(name) or stream.get(name)):
        return [pytest.mark.xfail(reason=cause, raises=AssertionError, strict=False)]
    return []


def cases(matrix: str) -> Iterator[Any]:
    for source in sorted(FOLDER.glob("*.c")):
        for combination in combinations(source.stem, matrix):
            marks = expectation(source.stem, combination)
            name = f"{source.stem}[{combination}]"
            yield pytest.param(source, combination, id=name, marks=marks)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "combination" in metafunc.fixturenames:
        matrix = metafunc.config.getoption("matrix")
        metafunc.parametrize(("source", "combination"), list(cases(matrix)))


def is_expected(line: str) -> bool:
    return any(re.fullmatch(pattern, line) for pattern in known_gaps.WARNINGS)


def check(program: str, start: list[str], work_place: Path, options: dict[str, Any]) -> None:
    """Run a program natively and under mvx, and compare."""
    outcomes = []
    for way, words, limit_s in (("natively", [], NATIVE_LIMIT_S), ("under mvx", start, LIMIT_S)):
        place = work_place / way
        place.mkdir()
        place.chmod(0o777)
        outcomes.append(execute([*words, program], place, limit_s, options))
    native, under_mvx = outcomes
    assert (native.returncode, native.stderr) == (0, ""), "fails natively"
    noise = [line for line in under_mvx.stderr.splitlines() if not is_expected(line)]
    assert (under_mvx.returncode, under_mvx.stdout, noise) == (0, native.stdout, []), (
        f"again: cd {place} && {shlex.join(under_mvx.args)}"
    )
    shutil.rmtree(work_place)


def test_program(
    source: Path,
    combination: Combination,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    unprivileged: Unprivileged,
    work_place: Path,
) -> None:
    program = str(compiled(source))
    command, options = mvx_command, {}
    if combination.user == "nobody":
        command, options = unprivileged.command, unprivileged.options
    check(program, [*command, *combination.words], work_place, options)


def test_every_known_gap_names_a_program() -> None:
    programs = {source.stem for source in FOLDER.glob("*.c")}
    for table in ("PROGRAMS", "WITH_FOLLOWERS", "TRANSLATED", "VERIFIED", "RACES", "STREAM_RACES"):
        assert set(getattr(known_gaps, table)) <= programs
    names = {f"{name}[{combination}]" for name in programs for combination in ALL}
    assert set(known_gaps.COMBINATIONS) <= names


def test_programs_are_many() -> None:
    assert len(list(FOLDER.glob("*.c"))) >= 120
