"""What moving memory between monitor and variant costs: `mvx bench memory`.

Both ends are Python, as the supervisor is: what a transfer costs there, not what the kernel needs.
The other process is stopped by ptrace where the transport reaches into it, and answers where the
transport is cooperative.
"""

from __future__ import annotations

import argparse
import itertools
import math
import mmap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from mvx.bench.series import Measure, Series, Trial, TrialFailedError
from mvx.memory.foreign import File, Foreign, Vectors, Words
from mvx.memory.partner import partner
from mvx.memory.shared import Cooperative, Fifo, Lane, Pipe, Segment

MEASURES = (Measure("from the variant", "µs"), Measure("to the variant", "µs"))
SIZES = tuple(1 << power for power in range(3, 21))
KINDS: tuple[type[Foreign | Cooperative], ...] = (
    Words,
    Pipe,
    Fifo,
    Segment,
    Vectors,
    File,
    Lane,
)
_QUICK_STEP = 3
_LEAST_S = 0.002
"""A transfer is repeated for so long, and the mean is the sample."""
HISTORY = """\
Historical figures, for a monitor and variants in C on the machines of their time:
  FIFO better than ptrace above 160 bytes, 16 times at 4 KiB
  shared memory 20 times faster than FIFO and 900 times faster than ptrace at 128 KiB"""


def names() -> list[str]:
    """Rows to choose from: none, the sizes belong together."""
    return []


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All transports at all sizes."""
    del folder
    for size in SIZES[:: _QUICK_STEP if asked.quick else 1]:
        for kind in KINDS:
            yield Trial(size_text(size), "", kind.name, partial(_run, kind, size))


def size_text(size: int) -> str:
    """A size in the words of the table: 8 B, 64 KiB, 1 MiB."""
    for unit in ("B", "KiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} MiB"


def _run(kind: type[Foreign | Cooperative], size: int) -> dict[str, float]:
    buffer = mmap.mmap(-1, SIZES[-1], flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    content = bytes(range(256)) * (size // 256 or 1)
    content = content[:size]
    try:
        with partner(kind, buffer) as (transport, address):
            transport.write(address, content)
            if transport.read(address, size) != content:
                raise TrialFailedError("what was written is not what is read")
            write_us = _mean_us(partial(transport.write, address, content))
            read_us = _mean_us(partial(transport.read, address, size))
    except OSError as error:
        raise TrialFailedError(error.strerror or str(error)) from error
    return {"from the variant": read_us, "to the variant": write_us}


def _mean_us(transfer: Callable[[], object]) -> float:
    count = 0
    start = now = time.perf_counter()
    while now < start + _LEAST_S:
        transfer()
        count += 1
        now = time.perf_counter()
    return 1e6 * (now - start) / count


def curves(series: Sequence[Series], measure: str) -> dict[str, list[tuple[int, float]]]:
    """The medians of every transport by size."""
    found: dict[str, list[tuple[int, float]]] = {kind.name: [] for kind in KINDS}
    sizes = {size_text(size): size for size in SIZES}
    for one in series:
        median = one.median()
        if one.measure.name == measure and median is not None:
            found[one.contender].append((sizes[one.row], median))
    return found


def crossover(slow: Sequence[tuple[int, float]], fast: Sequence[tuple[int, float]]) -> float | None:
    """The size from which the second is quicker at all larger ones too; interpolated between two
    measured sizes on both logarithmic scales. 0: at all sizes; None: not at the largest.
    """
    ratios = [
        (size, math.log(mine / other)) for (size, mine), (_, other) in zip(slow, fast, strict=True)
    ]
    if not ratios or ratios[-1][1] <= 0:
        return None
    for (size, ratio), (next_size, next_ratio) in reversed(list(itertools.pairwise(ratios))):
        if ratio <= 0:
            share = -ratio / (next_ratio - ratio)
            return float(size * (next_size / size) ** share)
    return 0.0


def findings(series: Sequence[Series]) -> Iterator[str]:
    """The crossover points, and what the historical figures are here."""
    for measure in MEASURES:
        by_name = curves(series, measure.name)
        yield ""
        yield f"Moving bytes {measure.name}:"
        yield f"  quickest: {_quickest(by_name)}"
        for other in (Pipe, Fifo, Segment, Vectors, File, Lane):
            point = crossover(by_name[Words.name], by_name[other.name])
            if point is None:
                text = "not quicker than ptrace"
            elif point == 0:
                text = "quicker than ptrace at every size"
            else:
                text = f"quicker than ptrace from {point:.0f} bytes"
            yield f"  {other.name}: {text}"
        yield f"  {_compared(by_name, 'FIFO', 'ptrace', 4096)}"
        yield f"  {_compared(by_name, Segment.name, 'FIFO', 131072)}"
        yield f"  {_compared(by_name, Segment.name, 'ptrace', 131072)}"
    yield ""
    yield HISTORY


def _quickest(by_name: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Which transport wins at which sizes."""
    tables = {name: dict(curve) for name, curve in by_name.items()}
    parts: list[tuple[str, int, int]] = []
    for size in SIZES:
        known = {name: table[size] for name, table in tables.items() if size in table}
        if known:
            winner = min(known, key=known.__getitem__)
            if parts and parts[-1][0] == winner:
                parts[-1] = (winner, parts[-1][1], size)
            else:
                parts.append((winner, size, size))
    return ", ".join(
        f"{name} {size_text(first)}" + (f" to {size_text(last)}" if last > first else "")
        for name, first, last in parts
    )


def _compared(
    by_name: Mapping[str, Sequence[tuple[int, float]]], fast: str, slow: str, size: int
) -> str:
    mine, other = dict(by_name[fast]).get(size), dict(by_name[slow]).get(size)
    if not mine or not other:
        return f"{fast} and {slow} at {size_text(size)}: not measured"
    return f"{fast} is {other / mine:.1f} times as fast as {slow} at {size_text(size)}"
