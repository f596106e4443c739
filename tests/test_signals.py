"""Every program of tests/signals behaves under mvx as it does natively: output and exit status.

The programs check themselves, one behaviour of signals each, and what they print is the same under
any timing. By default each runs in one combination of options, another one for each program;
`--matrix=full` runs every combination.
"""

from __future__ import annotations

import itertools
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from test_programs import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Unprivileged

FOLDER = Path(__file__).parent / "signals"


class Combination(NamedTuple):
    """How a program is run."""

    variants: int
    user: str
    """The caller, or nobody when the caller is root."""
    patch: bool
    signals: str

    def __str__(self) -> str:
        """Name the combination as in the name of the test."""
        patch = "patch" if self.patch else "no-patch"
        return f"{self.variants}-{self.user}-{patch}-{self.signals}"

    @property
    def words(self) -> list[str]:
        """The arguments of mvx before the program."""
        words = ["run", "-n", str(self.variants), "--signals", self.signals]
        return [*words, *([] if self.patch else ["--no-patch"]), "--"]


USERS = ["caller", "nobody"] if os.geteuid() == 0 else ["caller"]
ALL = list(
    itertools.starmap(
        Combination, itertools.product((2, 3), USERS, (True, False), ("leader", "quorum"))
    )
)


def cases(matrix: str) -> Iterator[Any]:
    for source in sorted(FOLDER.glob("*.c")):
        sample = [ALL[zlib.crc32(source.stem.encode()) % len(ALL)]]
        for combination in ALL if matrix == "full" else sample:
            yield pytest.param(source, combination, id=f"{source.stem}[{combination}]")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "combination" in metafunc.fixturenames:
        matrix = metafunc.config.getoption("matrix")
        metafunc.parametrize(("source", "combination"), list(cases(matrix)))


def test_signals(
    source: Path,
    combination: Combination,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    unprivileged: Unprivileged,
    work_place: Path,
) -> None:
    command, options = mvx_command, {}
    if combination.user == "nobody":
        command, options = unprivileged.command, unprivileged.options
    check(str(compiled(source)), [*command, *combination.words], work_place, options)


def test_programs_are_many() -> None:
    assert len(list(FOLDER.glob("*.c"))) >= 60
