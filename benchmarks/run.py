#!/usr/bin/env python3
"""How long programs take natively, under mvx, and under `strace -f -o /dev/null`.

    python benchmarks/run.py                          all rows, 5 repetitions, under three minutes
    python benchmarks/run.py true dd --repeat 11      two rows
    python benchmarks/run.py --json FILE              also as JSON

Everything is interleaved: each repetition runs every contender of every row once, so that a change
of the machine's load meets all of them. A row shows the median, the lowest and the highest sample,
and how many times the native median that is. Nothing is asserted: a contender that fails is shown
as failed.

The rows of single calls time themselves inside the program, without its start and end, as dd does.
Under the policy `effects` the leader need not wait for the followers at `getppid` and `read`;
`write` is an outward effect, at which it does. With `--no-patch` every call takes the trap.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SOURCE = Path(__file__).resolve().parent.parent / "src"
LIMIT_S = 60
COMPUTE_PROGRAM = r"""
#include <stdio.h>
#include <time.h>

/* Computes and makes no call; prints the milliseconds. */
int main(void) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    unsigned long value = 1;
    for (long i = 0; i < 100000000; i++) value = value * 6364136223846793005 + (value >> 33);
    clock_gettime(CLOCK_MONOTONIC, &end);
    double taken_ms = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;
    printf("%.1f\n", value ? taken_ms : 0);
    return 0;
}
"""
CALLS_PROGRAM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* One call again and again, twice as often each time until that takes long enough; prints the
   nanoseconds that one of them took then. The first hundred are not counted: sites get patched. */
int main(int argc, char **argv) {
    if (argc != 3) return 2;
    double least_ns = 1e6 * atof(argv[2]), taken_ns = 0;
    char kind = argv[1][0], bytes[64] = {0};
    int from = open("/dev/zero", O_RDONLY), to = open("/dev/null", O_WRONLY);
    long done = 0;
    for (long count = 100; done <= 100 || taken_ns < least_ns; count *= done <= 100 ? 10 : 2) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (long i = 0; i < count; i++) {
            long result = kind == 'g'   ? syscall(SYS_getppid)
                          : kind == 'r' ? read(from, bytes, 1)
                                        : write(to, bytes, kind == 'w' ? 1 : 64);
            if (result < 0) return 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        taken_ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
        done = count;
    }
    printf("%.1f\n", taken_ns / (double)done);
    return 0;
}
"""


@dataclasses.dataclass(frozen=True)
class Row:
    """One program that is timed, or that times one of its calls."""

    name: str
    meaning: str
    command: tuple[str, ...]
    slow_command: tuple[str, ...] = ()
    """The same with less to do, for slow contenders."""
    own_time: Callable[[str], float] | None = None
    """What the program printed → what one sample is. None: the whole run is timed."""
    unit: str = "ms"


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to run a row's program."""

    name: str
    prefix: tuple[str, ...] = ()
    slow: bool = False
    """Every call stops in a tracer, or there are more variants than processors."""


@dataclasses.dataclass
class Result:
    """The samples of one contender in one row."""

    row: Row
    contender: Contender
    samples: list[float] = dataclasses.field(default_factory=list)
    failure: str = ""

    def median(self) -> float | None:
        """The median sample, None when there is no sample or a run failed."""
        return statistics.median(self.samples) if self.samples and not self.failure else None


# What is run


def source_code(functions: int = 110, name: str = "main") -> str:
    """A C program for the compiler: functions of 9 lines, and one that calls them all."""
    lines = ["#include <stdio.h>", ""]
    for number in range(functions):
        lines += [
            f"static unsigned step_{number}(unsigned value) {{",
            f"    unsigned table[16] = {{{', '.join(str(number * 7 + i) for i in range(16))}}};",
            "    for (unsigned i = 0; i < 16; i++) {",
            "        value ^= table[i] + (value << 5) + (value >> 2);",
            "        if (value % 3 == 0)",
            "            value += i;",
            "    }",
            "    return value;",
            "}",
        ]
    calls = [f"    value = step_{number}(value);" for number in range(functions)]
    lines += [f"int {name}(void) {{", "    unsigned value = 1;", *calls]
    lines += ['    printf("%u\\n", value);', "    return 0;", "}", ""]
    return "\n".join(lines)


def make_rows(folder: Path, least_ms: int, blocks: int) -> Iterator[Row]:
    """All rows that this machine has the programs for."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    yield Row("true", "start-up: a program that ends at once", (find("true"),))
    if compiler:
        program = build(compiler, folder / "calls", CALLS_PROGRAM)
        for name, kind, meaning in (
            ("getppid", "g", "a call without arguments"),
            ("read", "r", "a read of 1 byte, from /dev/zero"),
            ("write", "w", "a write of 1 byte, to /dev/null: an outward effect"),
            ("write64", "W", "the same with 64 bytes"),
        ):
            command = (program, kind, str(least_ms))
            yield Row(name, meaning, command, own_time=float, unit="ns per call")
    fewer = max(1, blocks // 40)
    copy = (find("dd"), "if=/dev/zero", "of=/dev/null", "bs=1")
    yield Row(
        "dd",
        f"dd bs=1 count={blocks}, two calls a block; {fewer} blocks for slow contenders",
        (*copy, f"count={blocks}"),
        (*copy, f"count={fewer}"),
        own_time=time_of_dd,
        unit="ns per call",
    )
    if compiler:
        program = build(compiler, folder / "compute", COMPUTE_PROGRAM)
        yield Row("compute", "a loop without calls, timed by itself", (program,), own_time=float)
    yield Row("python3", "the start of Python: -I -c pass", (sys.executable, "-I", "-c", "pass"))
    if compiler:
        large = folder / "large.c"
        large.write_text(source_code(), encoding="ascii")
        target = str(folder / "large.o")
        yield Row(
            "gcc", "gcc -O1 -c, 1,100 lines", (compiler, "-O1", "-c", str(large), "-o", target)
        )
    make = shutil.which("make")
    if compiler and make:
        project = folder / "project"
        project.mkdir()
        names = [f"part_{number}" for number in range(8)]
        for name in names:
            (project / f"{name}.c").write_text(source_code(10, name), encoding="ascii")
        objects = " ".join(f"{name}.o" for name in names)
        rules = f"all: {objects}\n%.o: %.c\n\t{compiler} -O1 -c $< -o $@\n"
        (project / "Makefile").write_text(rules, encoding="ascii")
        yield Row("make", "make -B -s -j2, 8 files", (make, "-B", "-s", "-j2", "-C", str(project)))


def build(compiler: str, program: Path, text: str) -> str:
    """Compile a C program; returns its path."""
    source = program.with_suffix(".c")
    source.write_text(text, encoding="ascii")
    subprocess.run([compiler, "-O1", "-o", str(program), str(source)], check=True)
    return str(program)


def time_of_dd(printed: str) -> float:
    """Nanoseconds per call from "5000 bytes copied, 0.003 s, 1.5 MB/s"."""
    words = printed.rpartition("\n")[2].split()
    return float(words[words.index("s,") - 1]) * 1e9 / (2 * int(words[0]))


def find(name: str) -> str:
    """The path of a program that every system has."""
    found = shutil.which(name)
    if found is None:
        sys.exit(f"run.py: {name} is not installed")
    return found


def contenders(asked: argparse.Namespace) -> Iterator[Contender]:
    """Native, mvx with each number of variants and each policy, strace."""
    yield Contender("native")
    for policy in asked.policy:
        for variants, words in (
            *((number, ()) for number in asked.variants),
            *((number, ("--no-patch",)) for number in asked.no_patch),
        ):
            given = ("-n", str(variants), "--policy", policy, *words, *asked.option)
            crowded = variants > len(os.sched_getaffinity(0))
            name = f"mvx -n {variants}" + (" no-patch" if words else "")
            name += "" if policy == "effects" else f" {policy}"
            yield Contender(name, (*asked.mvx, "run", *given, "--"), slow=bool(words) or crowded)
    strace = shutil.which("strace")
    if strace:
        yield Contender("strace", (strace, "-f", "-o", "/dev/null"), slow=True)


# Measuring


def make_environment(*, own: bool) -> dict[str, str]:
    """What all contenders get; `own`: with this checkout's mvx, if it is built here."""
    environment = {**os.environ, "LC_ALL": "C"}
    if own and (SOURCE / "mvx" / "agent.bin").exists():
        environment["PYTHONPATH"] = str(SOURCE)
    return environment


def sample(row: Row, contender: Contender, environment: dict[str, str]) -> float:
    """Run once; returns the row's unit. Raises RuntimeError when the run failed."""
    program = (row.slow_command if contender.slow else ()) or row.command
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [*contender.prefix, *program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"not done after {LIMIT_S} s"
        raise RuntimeError(message) from None
    taken_ms = 1000 * (time.perf_counter() - start)
    if done.returncode:
        first = done.stderr.partition("\n")[0]
        message = f"status {done.returncode} {first}".strip()
        raise RuntimeError(message)
    return row.own_time((done.stdout + done.stderr).strip()) if row.own_time else taken_ms


def measure(
    rows: Sequence[Row], ways: Sequence[Contender], repeat: int, environment: dict[str, str]
) -> list[Result]:
    """Run everything, interleaved, each contender once to warm up and then `repeat` times."""
    results = [Result(row, way) for row in rows for way in ways]
    for round_number in range(repeat + 1):
        progress(f"round {round_number} of {repeat}")
        for result in results:
            if result.failure:
                continue
            try:
                taken = sample(result.row, result.contender, environment)
            except RuntimeError as error:
                result.failure = str(error)
                continue
            if round_number:
                result.samples.append(taken)
    progress("")
    return results


def progress(text: str) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


# Conditions


def conditions(asked: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    """Everything that the numbers depend on."""
    model = "unknown"
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    virtual = run_text("systemd-detect-virt", "--vm") or (
        "hypervisor" if "hypervisor" in run_text("grep", "-m1", "^flags", "/proc/cpuinfo") else ""
    )
    return {
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "processor": model,
        "processors": len(os.sched_getaffinity(0)),
        "virtual": virtual or "no",
        "kernel": f"{platform.system()} {platform.release()}",
        "load": [round(value, 2) for value in os.getloadavg()],
        "mvx": run_text(*asked.mvx, "--version", environment=environment),
        "commit": run_text("git", "-C", str(SOURCE.parent), "describe", "--always", "--dirty"),
        "python": platform.python_version(),
        "strace": run_text("strace", "--version").partition("\n")[0],
        "policies": asked.policy,
        "variants": asked.variants,
        "no_patch": asked.no_patch,
        "options": asked.option,
        "wait": wait_strategy(),
        "repeat": asked.repeat,
        "command": " ".join(["python", "benchmarks/run.py", *sys.argv[1:]]),
    }


def run_text(*words: str, environment: dict[str, str] | None = None) -> str:
    """What a command prints, empty when it fails or is not there."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=10, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def wait_strategy() -> str:
    """How a variant waits for another, as the checkout beside this file has it."""
    sys.path.insert(0, str(SOURCE))
    with contextlib.suppress(ImportError):
        from mvx import monitor

        turns = getattr(monitor, "_SPIN_ITERATIONS", None)
        if turns is not None:
            return f"spin up to {turns} turns if variants <= processors, then futex"
    return "unknown"


# Printing


def table(results: Sequence[Result]) -> Iterator[str]:
    """The results as lines of text."""
    names = f"{'MEDIAN':>12} {'LOWEST':>12} {'HIGHEST':>12} {'x NATIVE':>9}"
    yield f"{'ROW':10} {'CONTENDER':20} {names}"
    native: dict[str, float] = {}
    last = ""
    for result in results:
        if result.row.name != last:
            yield f"{result.row.name} ({result.row.unit}; {result.row.meaning})"
            last = result.row.name
        middle = result.median()
        if middle is None:
            yield f"{'':10} {result.contender.name:20} failed: {result.failure}"
            continue
        if not result.contender.prefix:
            native[last] = middle
        low, high = min(result.samples), max(result.samples)
        numbers = f"{middle:12.1f} {low:12.1f} {high:12.1f}"
        ratio = f"{middle / native[last]:8.1f}x" if last in native else ""
        yield f"{'':10} {result.contender.name:20} {numbers} {ratio}"


def main() -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(
        description="Time programs natively, under mvx and under strace, interleaved in one run.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("row", nargs="*", help="which rows (default: all)")
    add("--repeat", type=int, default=5, metavar="N", help="samples of each (default: 5)")
    add("--least", type=int, default=50, metavar="MS", help="time calls for so long (default: 50)")
    add("--blocks", type=int, default=200_000, metavar="N", help="blocks of dd (default: 200000)")
    add("--policy", action="append", choices=("effects", "strict", "stream"), help="(effects)")
    add("--variants", type=int, action="append", metavar="N", help="(1, 2 and 3)")
    add("--no-patch", type=int, action="append", metavar="N", help="also with --no-patch (1 and 2)")
    add("--option", action="append", default=[], metavar="WORD", help="one more word for mvx run")
    add("--mvx", type=shlex.split, metavar="COMMAND", help="another mvx than this checkout's")
    add("--json", type=Path, metavar="FILE", help="save samples and conditions")
    asked = parser.parse_args()
    asked.policy = asked.policy or ["effects"]
    # With --variants, --no-patch has no default: what was asked for is what is run.
    asked.no_patch = asked.no_patch or ([] if asked.variants else [1, 2])
    asked.variants = asked.variants or [1, 2, 3]
    environment = make_environment(own=asked.mvx is None)
    asked.mvx = asked.mvx or [sys.executable, "-m", "mvx"]
    if min(asked.repeat, asked.least, asked.blocks) < 1:
        parser.error("--repeat, --least and --blocks are at least 1")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        rows = list(make_rows(Path(name), asked.least, asked.blocks))
        unknown = set(asked.row) - {row.name for row in rows}
        if unknown:
            parser.error(f"no such row here: {' '.join(sorted(unknown))}")
        rows = [row for row in rows if not asked.row or row.name in asked.row]
        known = conditions(asked, environment)
        for key, value in known.items():
            print(f"{key:10} {', '.join(map(str, value)) if isinstance(value, list) else value}")
        print(flush=True)
        start = time.monotonic()
        results = measure(rows, list(contenders(asked)), asked.repeat, environment)
        known["took_s"] = round(time.monotonic() - start, 1)
        known["load_after"] = [round(value, 2) for value in os.getloadavg()]
    print("\n".join(table(results)))
    print(f"\ntook {known['took_s']} s, load afterwards {known['load_after'][0]}")
    if asked.json:
        saved = [
            {
                "row": result.row.name,
                "unit": result.row.unit,
                "meaning": result.row.meaning,
                "contender": result.contender.name,
                "samples": result.samples,
                "median": result.median(),
                "failure": result.failure or None,
            }
            for result in results
        ]
        content = json.dumps({"conditions": known, "results": saved}, indent=2)
        asked.json.write_text(content + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
