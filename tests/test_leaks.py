"""Addresses may go through pipes inside the program (agent/pointers.c), and no further."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import execute

from mvx.layout import TOKEN_SHIFT, TOKEN_TAG

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


@pytest.mark.parametrize("way", ["whole", "cat", "bytes"])
def test_address_for_a_child_does_not_get_out(
    way: str, compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    program = compiled(FOLDER / "address_to_child.c")
    native = execute([str(program), way], work_place, LIMIT_S)
    assert native.returncode == 0
    result = subprocess.run(
        [*mvx_command, "run", "--", program, way],
        check=False,
        capture_output=True,
        timeout=60,
        cwd=work_place,
    )
    if way == "bytes":  # nobody knows it for a pointer: what comes out is no address
        assert int.from_bytes(result.stdout, "little") >> TOKEN_SHIFT == TOKEN_TAG
    else:
        assert (result.returncode, result.stdout) == (DIVERGENCE, b"")
