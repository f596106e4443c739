"""Addresses may go through a pipe from a process to itself (agent/pointers.c), and no further."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import execute

FOLDER = Path(__file__).parent / "leaks"
DIVERGENCE = 121
LIMIT_S = 30


@pytest.mark.parametrize("line", ["{} | cat", "{} > file", "{}"])
def test_address_does_not_get_out(
    line: str, compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    program = compiled(FOLDER / "address_into_pipe.c")
    script = line.format(program)
    native = subprocess.run(["bash", "-c", script], cwd=work_place, capture_output=True, check=True)
    assert native.returncode == 0
    result = execute([*mvx_command, "run", "--", "bash", "-c", script], work_place, LIMIT_S)
    assert result.returncode == DIVERGENCE
    assert not result.stdout
