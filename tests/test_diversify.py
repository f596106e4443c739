"""Each diversification makes the variants differ in what it is about, and in nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mvx import diversity

if TYPE_CHECKING:
    from collections.abc import Callable

SHOW = Path(__file__).parent / "diversity" / "show.c"
DIVERGENCE = 121
DIFFERS = {
    "code": {"layout"},
    "library": {"layout"},
    "loader": {"layout"},
    "stack": {"stack"},
    "low-byte-of-stack": {"stack"},
    "stack-to-arguments": {"stack"},
    "canary": {"canary"},
    "environment-to-arguments": {"environment"},
    "environment": set(),
    "heap": {"heap"},
    "large": {"heap"},
    "neighbour": {"heap"},
    "fresh": {"fill"},
    "freed": {"fill"},
}
"""What the program shows, and the diversifications that make it differ."""


@pytest.mark.parametrize("chosen", ["none", *diversity.NAMES, "default", "heap,fill"])
@pytest.mark.parametrize("what", DIFFERS)
def test_differs_by_this_alone(
    what: str, chosen: str, compiled: Callable[..., Path], mvx_command: list[str]
) -> None:
    by = set(diversity.DEFAULT) if chosen == "default" else set(chosen.split(","))
    command = [*mvx_command, "run", "-n", "2", "--diversify", chosen, "--"]
    ran = subprocess.run(
        [*command, compiled(SHOW), what],
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert ran.returncode == (DIVERGENCE if DIFFERS[what] & by else 0), ran.stderr.decode()
    assert bool(ran.stdout) == (ran.returncode == 0)


def test_names_are_checked(mvx_command: list[str]) -> None:
    command = [*mvx_command, "run", "--diversify", "layout,colour", "--", "true"]
    ran = subprocess.run(command, check=False, capture_output=True, timeout=30)
    assert ran.returncode == 125
    assert b"'colour' is none of layout, stack" in ran.stderr


def test_names_are_documented() -> None:
    page = Path(__file__).parents[1] / "docs" / "reference" / "diversification.md"
    content = page.read_text()
    for each in diversity.DIVERSIFICATIONS:
        assert f"## {each.name}" in content
        for text in (each.differs, each.stops, each.costs, each.breaks):
            assert text in " ".join(content.split()), text
