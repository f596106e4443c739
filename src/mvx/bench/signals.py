"""How soon timers' signals are delivered, and what they cost: `mvx bench signals`.

Two programs, one that computes and one that makes calls all the time, each with timers of several
rates. The *delay* is what mvx tells of each signal: from the kernel's notification until the last
variant is about to run its handler. The *lateness* is what the program sees: from the expiry of its
timer until its handler reads the clock; natively that is the jitter of the kernel's timers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from mvx.bench import output
from mvx.bench.contenders import NATIVE, Contender, own_command
from mvx.bench.running import build, run_once
from mvx.bench.series import Measure, Series, Trial, TrialFailedError

_SHARES = ("mean", "p50", "p99", "max")
MEASURES = (
    *(Measure(f"delay {share}", "µs") for share in _SHARES),
    *(Measure(f"lateness {share}", "µs") for share in _SHARES),
    Measure("time", "ms"),
)
MODES = {
    "leader": "the leader's signals reach everybody",
    "calls": "the same, but only at calls",
    "quorum": "every variant gets its own copy",
}
_PROGRAMS = {"computing": ("c", "computes, with a call every 20 ms"), "calling": ("s", "getppid")}
_RATES = (0, 10, 100, 1000)
_UNITS_PER_SECOND = {"computing": 48, "calling": 800}
"""Roughly, on the machine on which mvx was developed: how much the programs do in a second."""


def names() -> list[str]:
    """All rows."""
    return [f"{program}-{rate}" for program in _PROGRAMS for rate in _RATES]


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All contenders in the rows that were asked for."""
    program = build("signals", folder)
    for row in asked.row or names():
        name, _, rate = row.partition("-")
        letter, meaning = _PROGRAMS[name]
        meaning += f", timer at {rate} Hz" if int(rate) else ", no timer"
        units = str(_UNITS_PER_SECOND[name] * asked.seconds)
        for contender in _contenders(asked):
            words = [program, letter, rate, units]
            yield Trial(row, meaning, contender.name, partial(_run, contender, words, folder))


def _contenders(asked: argparse.Namespace) -> Iterator[Contender]:
    yield Contender(NATIVE)
    command = asked.mvx or own_command()
    for mode in asked.mode:
        for variants in asked.variants:
            words = ["-n", str(variants), "--policy", asked.policy[0], "--wait", asked.wait]
            words += ["--signal-points", "calls"] if mode == "calls" else ["--signals", mode]
            yield Contender(
                f"mvx -n {variants} {mode}", (*command, "run", *words, *asked.option, "--")
            )


def _run(contender: Contender, words: list[str], folder: Path) -> dict[str, float]:
    if not contender.prefix:
        return samples(run_once(words)[1], None)
    told = folder / "statistics.json"
    prefix = [*contender.prefix[:-1], "--statistics", str(told), "--"]
    printed = run_once([*prefix, *words])[1]
    return samples(printed, json.loads(told.read_text(encoding="utf-8")))


def samples(printed: str, statistics: dict[str, object] | None) -> dict[str, float]:
    """What the program printed, and what mvx told of the run, by the names of the measures."""
    try:
        taken_ns, *late_ns = map(int, printed.split())
    except ValueError:
        first = printed.partition("\n")[0]
        raise TrialFailedError(f"printed {first}") from None
    found = {"time": taken_ns / 1e6}
    if late_ns:
        late_us = sorted(late / 1000 for late in late_ns)
        found |= {
            "lateness mean": sum(late_us) / len(late_us),
            "lateness p50": _percentile(late_us, 0.5),
            "lateness p99": _percentile(late_us, 0.99),
            "lateness max": late_us[-1],
        }
    signals = (statistics or {}).get("signals")
    delivered = signals.get("delivered") if isinstance(signals, dict) else None
    if delivered:
        delay_us = delivered[0]["delay_us"]
        found |= {f"delay {share}": float(delay_us[share]) for share in _SHARES}
    return found


def table(series: Sequence[Series]) -> Iterator[str]:
    """One line for each contender of a row: the medians of its measures across."""
    found = {(one.row, one.contender, one.measure.name): one for one in series}
    meanings = {one.row: one.meaning for one in series}
    contenders = list(dict.fromkeys(one.contender for one in series))
    width = max(map(len, contenders)) + 2
    shares = " ".join(f"{share:>8}" for share in _SHARES)
    for row, meaning in meanings.items():
        yield f"{row}: {meaning}"
        yield f"  {'':{width}} {'delay in µs':>35}   {'lateness in µs':>35}   {'time':>9}"
        yield f"  {'':{width}} {shares}   {shares}   {'in ms':>9} {'x NATIVE':>9}"
        for contender in contenders:
            mine = [found.get((row, contender, measure.name)) for measure in MEASURES]
            failure = next((one.failure for one in mine if one and one.failure), "")
            if failure:
                yield f"  {contender:{width}} failed: {failure}"
                continue
            medians = [one.median() if one else None for one in mine]
            cells = ["-" if one is None else output.number(one) for one in medians]
            delay, late = (
                " ".join(f"{cell:>8}" for cell in cells[start : start + 4]) for start in (0, 4)
            )
            relative = output.ratio(mine[-1], series) if mine[-1] else None
            shown = f"{relative:8.3f}x" if relative is not None else ""
            yield f"  {contender:{width}} {delay}   {late}   {cells[8]:>9} {shown}"


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
