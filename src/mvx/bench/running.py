"""Running a program once, and what its run took."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from mvx.bench.contenders import environment
from mvx.bench.series import TrialFailedError
from mvx.errors import UsageError

LIMIT_S = 600.0
_POLL_S = 0.001
_SOURCES = Path(__file__).with_name("sources")


def _start(words: Sequence[str], folder: Path | None, out: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment(),
        cwd=folder,
        start_new_session=True,
    )


def run_once(
    words: Sequence[str], *, folder: Path | None = None, limit_s: float = LIMIT_S
) -> tuple[float, str]:
    """Run a command; returns the milliseconds and what it printed, standard error last.

    Raises TrialFailedError when it fails or takes too long.
    """
    start = time.perf_counter()
    with _start(words, folder, subprocess.PIPE) as process:
        try:
            out, errors = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise TrialFailedError(f"not done after {limit_s:g} s") from None
    taken_ms = 1000 * (time.perf_counter() - start)
    if process.returncode:
        first = errors.partition("\n")[0]
        raise TrialFailedError(f"status {process.returncode} {first}".strip())
    return taken_ms, (out + errors).strip()


def compiler() -> str:
    """The C compiler; UsageError where there is none."""
    found = shutil.which("gcc") or shutil.which("cc")
    if found is None:
        raise UsageError("no C compiler here", fix="install gcc: rows are compiled")
    return found


def run_at_once(
    words: Sequence[str], folders: Sequence[Path], *, limit_s: float = LIMIT_S
) -> tuple[float, float]:
    """Run a command once in each of the folders, all at the same time.

    Returns the milliseconds until the last has ended, and the milliseconds of processor time of all
    together, of processes that they waited for, too. Raises TrialFailedError when one fails or they
    take longer than `limit_s`.
    """
    start = time.perf_counter()
    running = {_start(words, folder, subprocess.DEVNULL) for folder in folders}
    cpu_s, failure = 0.0, ""
    while running and not failure:
        for process in list(running):
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                running.discard(process)
                process.returncode = os.waitstatus_to_exitcode(status)
                cpu_s += used.ru_utime + used.ru_stime
                with process:
                    assert process.stderr is not None
                    errors = process.stderr.read()
                if process.returncode:
                    first = errors.partition("\n")[0]
                    failure = f"status {process.returncode} {first}".strip()
        if time.perf_counter() > start + limit_s:
            failure = failure or f"not done after {limit_s:g} s"
        time.sleep(_POLL_S)
    taken_ms = 1000 * (time.perf_counter() - start)
    for process in running:
        with process, contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if failure:
        raise TrialFailedError(failure)
    return taken_ms, 1000 * cpu_s


class _Row(Protocol):
    @property
    def needs(self) -> tuple[str, ...]:
        """Programs without which there is no such row."""

    @property
    def make(self) -> Callable[[], object] | None:
        """Makes what the program works on."""


_AnyRow = TypeVar("_AnyRow", bound=_Row)


def rows_here(
    asked: argparse.Namespace,
    builders: Mapping[str, Callable[[argparse.Namespace, Path], _AnyRow]],
    folder: Path,
) -> Iterator[tuple[str, _AnyRow]]:
    """The rows that were asked for and that this machine has the programs of, ready to run."""
    for name in asked.row or builders:
        row = builders[name](asked, folder)
        if all(map(shutil.which, row.needs)):
            if row.make is not None:
                row.make()
            yield name, row


def build(name: str, folder: Path, *options: str) -> str:
    """Compile one of the sources; returns the program's path."""
    program = folder / name
    source = _SOURCES / f"{name}.c"
    subprocess.run([compiler(), "-O1", *options, "-o", str(program), str(source)], check=True)
    return str(program)


def python() -> str:
    """A Python for rows: the system's, which has no packages to look at when it starts."""
    return next(filter(os.path.exists, ("/usr/bin/python3", "/bin/python3")), sys.executable)


def descendants(root: int) -> list[int]:
    """A process and all processes below it that live now."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                fields = Path(f"/proc/{name}/stat").read_text(errors="replace").rpartition(")")[2]
                children.setdefault(int(fields.split()[1]), []).append(int(name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def processor_seconds(processes: Sequence[int]) -> float:
    """The CPU time that processes have used so far (proc_pid_stat(5): utime, stime)."""
    ticks = 0
    for process in processes:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{process}/stat").read_text(errors="replace")
            fields = text.rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def proportional_mebibytes(processes: Sequence[int]) -> float:
    """The memory of processes, shared pages divided among those that share them (PSS)."""
    total_kib = 0
    for process in processes:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total_kib += int(line.split()[1])
    return total_kib / 1024


def samples_of(values: Mapping[str, float | None]) -> dict[str, float]:
    """Only what is known."""
    return {name: value for name, value in values.items() if value is not None}
