"""`--statistics FILE`: what a run cost and did, as JSON that keeps its schema, and as text."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from mvx.outcome import DIVERGENCE_STATUS
from mvx.statistics import STOPS

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_S = 60
REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
SCHEMA = json.loads((REFERENCE / "statistics.schema.json").read_text())


def statistics(
    command: list[str], target: Path, *words: str, status: int = 0, options: tuple[str, ...] = ()
) -> dict[str, Any]:
    line = [*command, "run", *options, "--statistics", str(target), "--", *words]
    done = subprocess.run(line, check=False, capture_output=True, timeout=LIMIT_S)
    assert done.returncode == status, done.stderr
    value: dict[str, Any] = json.loads(target.read_text())
    jsonschema.validate(value, SCHEMA)
    return value


def test_numbers_add_up(mvx_command: list[str], tmp_path: Path) -> None:
    value = statistics(mvx_command, tmp_path / "s", "sh", "-c", "true | true; exit 3", status=3)
    assert value["outcome"] == {"kind": "exited", "code": 3}
    assert value["command"] == ["sh", "-c", "true | true; exit 3"]
    assert len(value["variants"]) == 2
    for variant in value["variants"]:
        assert set(variant["stops"]) == set(STOPS)
        assert variant["tasks"] == variant["stops"]["end"] >= 2
        assert variant["stops"]["exec"] == 1
        assert variant["calls"] == sum(variant["calls_by_name"].values()) > 20
    assert value["variants"][0]["calls"] == value["variants"][1]["calls"]
    assert 0 < value["variants_cpu_s"] < LIMIT_S
    assert 0 < value["wall_s"] < LIMIT_S


def test_every_call_stops_without_patching(mvx_command: list[str], tmp_path: Path) -> None:
    words = ("dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=2000")
    patched = statistics(mvx_command, tmp_path / "s", *words)
    traps = statistics(mvx_command, tmp_path / "s", *words, options=("--no-patch",))
    assert (patched["patch"], traps["patch"]) == (True, False)
    assert patched["variants"][1]["stops"]["trap"] < 500
    assert traps["variants"][1]["stops"]["trap"] > 4000
    assert patched["variants"][1]["calls"] == traps["variants"][1]["calls"] > 4000


TRANSCRIPTS = (
    ("sh", "-c", "for i in 1 2 3; do ls / | wc -l; done; echo $((2 * 3)) > /dev/null"),
    (
        "/usr/bin/python3",
        "-c",
        "import os, time; print(sum(os.path.exists(n) for n in '/tmp x'.split()))",
    ),
    ("dd", "if=/dev/zero", "of=/dev/null", "bs=64", "count=300"),
    ("find", "/usr/include/linux", "-name", "*.h", "-newer", "/etc/passwd"),
)


@pytest.mark.parametrize("words", TRANSCRIPTS, ids=lambda words: words[0].rpartition("/")[2])
def test_the_same_calls_patched_or_not(
    words: tuple[str, ...], mvx_command: list[str], tmp_path: Path
) -> None:
    """Patched at traps, patched when mapped, and not at all: the same calls in every variant."""
    options = ([], [], ["--no-patch"])
    runs = [
        statistics(mvx_command, tmp_path / "s", *words, options=("-n", "3", *each))
        for each in options
    ]
    transcripts = [
        run["variants"][variant]["calls_by_name"] for run in runs for variant in range(3)
    ]
    # How often is left to chance: queries of the time, and children whose signals come together.
    elastic = {"clock_gettime", "gettimeofday", "rt_sigreturn"}
    for transcript in transcripts:
        assert sum(transcript.values()) > 20
        assert {n: c for n, c in transcript.items() if n not in elastic} == {
            n: c for n, c in transcripts[0].items() if n not in elastic
        }


def test_divergence_has_statistics_too(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    source = work_place / "tells_its_address.c"
    source.write_text('#include <stdio.h>\nint main(void) { printf("%p", (void *)main); }')
    program = str(compiled(source))
    value = statistics(mvx_command, work_place / "s", program, status=DIVERGENCE_STATUS)
    assert value["outcome"] == {"kind": "divergence", "code": DIVERGENCE_STATUS}


def test_summary_goes_to_standard_error(mvx_command: list[str]) -> None:
    line = [*mvx_command, "run", "-n", "3", "--statistics", "-", "--", "echo", "told"]
    done = subprocess.run(line, check=True, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.stdout == "told\n"
    assert done.stderr.startswith("mvx: exited 0 after ")
    assert done.stderr.count("  variant ") == 3


def test_failure_to_write_changes_nothing(mvx_command: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    line = [*mvx_command, "run", "--statistics", str(folder / "s"), "--", "rmdir", str(folder)]
    done = subprocess.run(line, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0
    assert "MVX-E" in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("kind", STOPS)
def test_reference_page_lists_every_stop(kind: str) -> None:
    assert f"| `{kind}` |" in (REFERENCE / "statistics.md").read_text()


def test_files_are_mapped_without_stops(
    mvx_command: list[str], compiled: Callable[..., Path], tmp_path: Path
) -> None:
    program = Path(__file__).parent / "programs" / "mmap_of_files_needs_no_stop.c"
    target = tmp_path / "statistics.json"
    command = [*mvx_command, "run", "-n", "2", "--statistics", target, "--", compiled(program)]
    subprocess.run(command, check=True, timeout=60)
    for variant in json.loads(target.read_text())["variants"]:
        assert variant["calls_by_name"]["write"] > 100
        assert sum(variant["stops"].values()) < 100  # the program maps 300 times
