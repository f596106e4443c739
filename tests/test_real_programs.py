"""Real programs under mvx show and leave what they show and leave natively.

By default each runs as `real/workloads.py` says, most with two variants, under the policy effects;
`--matrix=full` runs each with 1, 2 and 3 variants and under every policy.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from real.trials import Ground
from real.workloads import WORKLOADS, Gap, Workload

from mvx.options import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Unprivileged

GAP_LIMIT_S = 20
USERS = ["caller", "nobody"] if os.geteuid() == 0 else ["caller"]


class Case(NamedTuple):
    """How a workload is run."""

    workload: Workload
    variants: int
    policy: str
    user: str

    def __str__(self) -> str:
        """Name the case as in the name of the test."""
        return "-".join([self.workload.name, str(self.variants), self.policy, self.user])

    @property
    def gap(self) -> Gap | None:
        """Why it is known to fail, if it is."""
        gap = self.workload.gap
        if gap and self.variants in gap.variants and self.policy in gap.policies:
            return gap
        return None


def cases(matrix: str) -> Iterator[Case]:
    for workload in WORKLOADS:
        for user in USERS if workload.nobody else USERS[:1]:
            if matrix == "full":
                yield from (Case(workload, n, p, user) for n in (1, 2, 3) for p in POLICIES)
            else:
                variants = workload.variants if user == "caller" else workload.variants[-1:]
                yield from (Case(workload, n, "effects", user) for n in variants)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        found: list[Any] = []
        for case in cases(metafunc.config.getoption("matrix")):
            marks = []
            if gap := case.gap:
                marks.append(
                    pytest.mark.xfail(reason=gap.cause, raises=AssertionError, strict=gap.always)
                )
            found.append(pytest.param(case, id=str(case), marks=marks))
        metafunc.parametrize("case", found)


def test_real_program(
    case: Case,
    mvx_command: list[str],
    unprivileged: Unprivileged,
    work_place: Path,
) -> None:
    missing = case.workload.missing()
    assert not missing, f"not installed: apt-get install {' '.join(missing.values())}"
    command, user, environment = mvx_command, None, {}
    if case.user == "nobody":
        command, user = unprivileged.command, unprivileged.options["user"]
        environment = unprivileged.options["env"]
    workload = case.workload
    if case.gap:  # a hang is an expected end, too
        workload = dataclasses.replace(workload, limit_s=GAP_LIMIT_S)
    ground = Ground(workload, work_place, user, environment)
    native = ground.trial()
    words = ["run", "-n", str(case.variants), "--policy", case.policy, "--"]
    shown = ground.trial([*command, *words])
    differences = shown.differences(native)
    assert not differences, "\n".join([*differences, ground.again([*command, *words])])
    shutil.rmtree(work_place)
