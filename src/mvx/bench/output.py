"""The results as a table, as JSON, and as a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mvx.bench import memory, plot
from mvx.bench.contenders import NATIVE
from mvx.bench.series import Series

SCHEMA_VERSION = 1


def head(conditions: Mapping[str, Any]) -> Iterator[str]:
    """The conditions as lines."""
    width = max(map(len, conditions))
    for key, value in conditions.items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield f"{key:{width}}  {words}".rstrip()


def table(series: Sequence[Series]) -> Iterator[str]:
    """Rows of contenders; each with its median, spread, and ratio to the native median."""
    width = max(len(one.contender) for one in series)
    columns = f"{'MEDIAN':>11} {'LOWEST':>11} {'HIGHEST':>11} {'x NATIVE':>9}"
    yield f"  {'CONTENDER':{width}} {columns}"
    last = None
    for one in series:
        if (one.row, one.measure) != last:
            last = (one.row, one.measure)
            meaning = f", {one.meaning}" if one.meaning else ""
            yield f"{one.row}: {one.measure.name} in {one.measure.unit}{meaning}"
        median = one.median()
        if median is None:
            if one.failure:
                yield f"  {one.contender:{width}} failed: {one.failure}"
            continue
        numbers = " ".join(
            f"{number(value):>11}" for value in (median, min(one.samples), max(one.samples))
        )
        relative = ratio(one, series)
        shown = f"{relative:8.2f}x" if relative is not None else ""
        yield f"  {one.contender:{width}} {numbers} {shown}".rstrip()


def number(value: float) -> str:
    """A number with three or four digits that count."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def ratio(one: Series, series: Sequence[Series]) -> float | None:
    """How many times the native median this one is; None where there is no native one."""
    median = one.median()
    for other in series:
        if (other.row, other.measure, other.contender) == (one.row, one.measure, NATIVE):
            native = other.median()
            return median / native if median is not None and native else None
    return None


def size_table(series: Sequence[Series]) -> Iterator[str]:
    """`mvx bench memory`: sizes down, transports across."""
    names = [kind.name for kind in memory.KINDS]
    for measure in memory.MEASURES:
        yield ""
        yield f"Bytes {measure.name}: microseconds, median (lowest to highest)"
        yield f"{'size':>8} " + " ".join(f"{name:>22}" for name in names)
        for label in dict.fromkeys(one.row for one in series):
            cells = []
            for name in names:
                one = next(
                    (
                        each
                        for each in series
                        if (each.row, each.measure, each.contender) == (label, measure, name)
                    ),
                    None,
                )
                cells.append(f"{_cell(one):>22}")
            yield f"{label:>8} " + " ".join(cells)


def _cell(one: Series | None) -> str:
    median = one.median() if one is not None else None
    if one is None or median is None:
        return "failed"
    low, high = min(one.samples), max(one.samples)
    return f"{number(median)} ({number(low)}-{number(high)})"


def as_json(benchmark: str, conditions: Mapping[str, Any], series: Sequence[Series]) -> str:
    """Everything, for programs."""
    results = [
        {
            "row": one.row,
            "meaning": one.meaning,
            "contender": one.contender,
            "measure": one.measure.name,
            "unit": one.measure.unit,
            "more_is_better": one.measure.more_is_better,
            "samples": one.samples,
            "median": one.median(),
            "ratio_to_native": ratio(one, series),
            "failure": one.failure or None,
        }
        for one in series
    ]
    document = {
        "schema_version": SCHEMA_VERSION,
        "benchmark": benchmark,
        "conditions": conditions,
        "results": results,
    }
    return json.dumps(document, indent=2)


def as_plot(benchmark: str, conditions: Mapping[str, Any], series: Sequence[Series]) -> str:
    """The medians as SVG: curves over the size for memory, else ratios to native of what each row
    measures first.
    """
    where = f"{conditions['processor']}, {conditions['processors']} CPUs, {conditions['kernel']}"
    if benchmark == "memory":
        panels = {
            f"bytes {measure.name}": memory.curves(series, measure.name)
            for measure in memory.MEASURES
        }
        return plot.curves(f"Moving memory ({where})", "bytes", "microseconds", panels)
    groups: dict[str, list[tuple[str, float, str]]] = {}
    if benchmark == "signals":
        wanted = {NATIVE: "lateness mean"}
        for one in series:
            median = one.median()
            if median and one.measure.name == wanted.get(one.contender, "delay mean"):
                words = f"{number(median)} {one.measure.unit}"
                groups.setdefault(one.row, []).append((one.contender, median, words))
        axis = "microseconds: mean delay; native: mean lateness of the kernel's timer"
        return plot.bars(f"mvx bench signals ({where})", axis, groups)
    first = {one.row: one.measure for one in reversed(series)}
    for one in series:
        relative = ratio(one, series)
        if relative and one.measure == first[one.row]:
            words = f"{relative:.2f}x, {number(one.median() or 0)} {one.measure.unit}"
            groups.setdefault(one.row, []).append((one.contender, relative, words))
    return plot.bars(f"mvx bench {benchmark} ({where})", "times the native median", groups)
