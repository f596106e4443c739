"""Variants that are different files: other compilers, levels, places, releases."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "variants"
DIVERGENCE = 121


def build(place: Path, *flags: str, compiler: str = "gcc", value: int = 7) -> Path:
    """Build the program with a library that only it finds; return its path."""
    library, program = place / "own" / "libvalue.so", place / "same"
    library.parent.mkdir(parents=True)
    shared = [compiler, f"-DVALUE={value}", "-shared", "-fPIC", *flags]
    subprocess.run([*shared, "-o", library, FOLDER / "value.c"], check=True)
    search = [f"-L{library.parent}", "-lvalue", "-Wl,-rpath,/nonexistent:$ORIGIN/own"]
    subprocess.run([compiler, *flags, "-o", program, FOLDER / "same.c", *search], check=True)
    return program


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("variants")
    return {
        "plain": build(place / "plain"),
        "optimised": build(place / "somewhere" / "else", "-O2", compiler="clang"),
        "released": build(place / "released", "-O1", value=8),
    }


def run(command: list[str], program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, f"./{program.name}", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=program.parent,
    )


@pytest.mark.parametrize("count", ["2", "3"])
def test_other_build_is_the_same_program(
    count: str, programs: dict[str, Path], mvx_command: list[str]
) -> None:
    plain = programs["plain"]
    natively = run([], plain, "by-path")
    assert natively.stdout.count("\n") == 5
    options = ["-n", count, "--variant", str(programs["optimised"])]
    ran = run([*mvx_command, "run", *options, "--"], plain, "by-path")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, natively.stdout, "")


def test_other_release_is_another_program(
    programs: dict[str, Path], mvx_command: list[str]
) -> None:
    options = ["--variant", str(programs["released"])]
    ran = run([*mvx_command, "run", *options, "--"], programs["plain"])
    assert ran.returncode == DIVERGENCE
    assert ran.stdout == ""
    assert "call write with different bytes in buf" in ran.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-n", "2", "--variant", "/bin/true", "--variant", "/bin/true"], "3 programs for 2"),
        (["--variant", "/nonexistent"], "/nonexistent: No such file"),
        (["--variant", __file__], "Permission denied"),
        (["--variant", "/usr/bin/ldd"], "no ELF program"),
    ],
)
def test_bad_variant(options: list[str], message: str, mvx_command: list[str]) -> None:
    command = [*mvx_command, "run", *options, "--", "/bin/true"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode in {125, 126, 127}
    assert message in ran.stderr
