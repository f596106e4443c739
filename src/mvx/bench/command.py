"""`mvx bench NAME`: the options, and from them to the output."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mvx.bench.series import Measure, Series, Trial
from mvx.bench.signals import MODES
from mvx.bench.threads import MODES as ORDERS
from mvx.errors import FileFailed, UsageError
from mvx.options import POLICIES, VARIANTS_MAX, WAITS

if TYPE_CHECKING:
    from types import ModuleType

HELP = {
    "alarms": "what is left of a service while an attacker causes divergences",
    "attacks": "which attacks succeed natively, are stopped or are missed",
    "calls": "what a single call costs",
    "memory": "what moving memory between monitor and variant costs, by seven transports",
    "programs": "what whole programs cost",
    "signals": "how soon timers' signals are delivered, and what they cost",
    "servers": "what servers cost: throughput, latency, CPU, memory",
    "threads": "what programs with several threads cost, beside as many native copies",
}


class Benchmark(NamedTuple):
    """One benchmark's parts."""

    measures: Sequence[Measure]
    names: Callable[[], list[str]]
    trials: Callable[[argparse.Namespace, Path], Iterator[Trial]]


def benchmark(name: str) -> Benchmark:
    """Load a benchmark by its name."""
    import importlib

    module: ModuleType = importlib.import_module(f"mvx.bench.{name}")
    return Benchmark(module.MEASURES, module.names, module.trials)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `mvx bench`."""
    commands = parser.add_subparsers(dest="benchmark", required=True, metavar="BENCHMARK")
    for name, text in HELP.items():
        one = commands.add_parser(name, help=text, description=f"Measure {text}.")
        add = one.add_argument
        if name == "attacks":
            _add_attacks(one)
            continue
        if name != "memory":
            add("row", nargs="*", help="which rows (default: all)")
            _add_contenders(one)
        add("--repeat", type=_count, metavar="N", help="samples of each (default: 5, quick: 3)")
        add("--quick", action="store_true", help="less to do, fewer contenders and samples")
        add("--format", choices=("text", "json"), default="text")
        add("--svg", type=Path, metavar="FILE", help="also draw the medians")
        if name == "calls":
            add("--milliseconds", type=_count, metavar="MS", help="time a call for so long (50)")
        if name == "threads":
            add("--megabytes", type=_count, metavar="N", help="data for sort, xz and others (20)")
            add("--threads", action="append", choices=ORDERS, help="(default: all)")
        if name == "programs":
            add("--megabytes", type=_count, metavar="N", help="data for gzip and xz (100)")
            add("--blocks", type=_count, metavar="N", help="blocks of dd (200000)")
            add("--inserts", type=_count, metavar="N", help="inserts of sqlite3 (20000)")
            add("--files", type=_count, metavar="N", help="files for find (5000)")
        if name == "signals":
            add("--seconds", type=_count, metavar="S", help="what the programs do natively (2)")
            add("--mode", action="append", choices=MODES, help="ways of delivery (default: all)")
        if name in {"alarms", "servers"}:
            add("--seconds", type=_count, metavar="S", help="how long to load a server (3)")
        if name == "servers":
            add("--client-cpu", type=int, metavar="CPU", help="a processor for the client")


_MEGABYTES_FOR_THREADS = (20, 2)
_DEFAULTS = {
    "milliseconds": (50, 20),
    "megabytes": (100, 5),
    "blocks": (200_000, 20_000),
    "inserts": (20_000, 2_000),
    "files": (5_000, 1_000),
    "seconds": (3, 1),
    "repeat": (5, 3),
}
"""What options are where they are not given: else, and with --quick."""


def _add_contenders(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--policy", action="append", choices=POLICIES, help="(default: all; quick: effects)")
    add("--variants", type=_variants, action="append", metavar="N", help="(1, 2, 3; quick: 1, 2)")
    add("--no-patch", type=_variants, action="append", metavar="N", help="also unpatched (1, 2)")
    add("--diversify", action="append", default=[], metavar="NAME,…", help="also with these")
    add("--no-strace", dest="strace", action="store_false", help="without strace")
    add("--wait", choices=WAITS, default="auto", help="how variants wait (default: auto)")
    add("--option", action="append", default=[], metavar="WORD", help="one more word for mvx run")
    add("--mvx", type=shlex.split, metavar="COMMAND", help="another mvx than this one")


def _add_attacks(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("row", nargs="*", help="which attacks: names or patterns, as 'T1-*' (default: all)")
    add("--contender", action="append", default=[], metavar="NAME", help="(default: all)")
    add("--variants", type=_variants, default=2, metavar="N", help="(default: 2)")
    add("--quick", action="store_true", help="fewer attacks of the matrix T13")
    add("--format", choices=("text", "json"), default="text")
    add("--option", action="append", default=[], metavar="WORD", help="one more word for mvx run")
    add("--mvx", type=shlex.split, metavar="COMMAND", help="another mvx than this one")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return value


def _variants(text: str) -> int:
    value = _count(text)
    if value > VARIANTS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is more than {VARIANTS_MAX}")
    return value


def fill(asked: argparse.Namespace) -> None:
    """Put in what was not asked for."""
    if asked.benchmark == "threads":
        asked.megabytes = asked.megabytes or _MEGABYTES_FOR_THREADS[asked.quick]
    for name, values in _DEFAULTS.items():
        if getattr(asked, name, 0) is None and (asked.benchmark, name) != ("signals", "seconds"):
            setattr(asked, name, values[asked.quick])
    if asked.benchmark == "memory":
        asked.row = []
        return
    asked.policy = asked.policy or (["effects"] if asked.quick else ["effects", "strict", "stream"])
    if asked.benchmark == "threads":
        asked.threads = asked.threads or list(ORDERS)
        asked.variants = asked.variants or [2]
        asked.policy, asked.no_patch = asked.policy[:1], []
        return
    if asked.benchmark == "signals":
        asked.seconds = asked.seconds or (1 if asked.quick else 2)
        asked.mode = asked.mode or list(MODES)
        asked.variants = asked.variants or ([2] if asked.quick else [2, 3])
        asked.policy, asked.no_patch = asked.policy[:1], []
        return
    # Who names the numbers of variants gets those and nothing else.
    asked.no_patch = asked.no_patch or ([] if asked.variants else [1, 2])
    asked.variants = asked.variants or ([1, 2] if asked.quick else [1, 2, 3])


def run(asked: argparse.Namespace) -> str:
    """Measure what was asked for; the text to print."""
    from mvx.bench import conditions, memory, output, series, signals, threads

    if asked.benchmark == "attacks":
        from mvx.bench import attacks

        with tempfile.TemporaryDirectory(prefix="mvx-bench-") as folder:
            return attacks.run(asked, conditions.conditions(asked), Path(folder))
    fill(asked)
    parts = benchmark(asked.benchmark)
    unknown = [row for row in asked.row if row not in parts.names()]
    if unknown:
        rows = ", ".join(parts.names())
        raise UsageError(f"no such row: {', '.join(unknown)}", fix=f"rows: {rows}")
    known = conditions.conditions(asked)
    with tempfile.TemporaryDirectory(prefix="mvx-bench-") as folder:
        trials = list(parts.trials(asked, Path(folder)))
        if not trials:
            raise UsageError("nothing to measure here", fix="install the programs, see the manual")
        warm_up = asked.benchmark != "servers"
        found: list[Series] = series.run(trials, parts.measures, asked.repeat, warm_up=warm_up)
    known["load afterwards"] = conditions.load()
    if asked.svg is not None:
        _save(asked.svg, output.as_plot(asked.benchmark, known, found))
    if asked.format == "json":
        return output.as_json(asked.benchmark, known, found)
    lines = [*output.head(known)]
    if asked.benchmark == "memory":
        lines += [*output.size_table(found), *memory.findings(found)]
    else:
        tables = {"signals": signals.table, "threads": threads.table}
        lines += ["", *tables.get(asked.benchmark, output.table)(found)]
    return "\n".join(lines)


def _save(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileFailed(
            f"cannot write {target}: {error.strerror}", fix="name a file where you may write"
        ) from None
    if sys.stderr is not None:
        sys.stderr.write(f"wrote {target}\n")
