"""What a single call costs: `mvx bench calls`.

The program times itself, without its start and end. Under the policy `effects` the leader need not
wait for the followers at queries and input; `write` is an outward effect, at which it does. With
``--no-patch`` every call takes the trap.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from mvx.bench.contenders import contenders
from mvx.bench.running import build, run_once
from mvx.bench.series import Measure, Trial

MEASURES = (Measure("time", "ns per call"),)
ROWS = {
    "getppid": ("g", "a call without arguments"),
    "read": ("r", "1 byte from /dev/zero: input"),
    "read4096": ("R", "4,096 bytes from /dev/zero"),
    "write": ("w", "1 byte to /dev/null: an outward effect"),
    "write64": ("W", "64 bytes to /dev/null"),
    "stat": ("s", "a path in, a structure out"),
    "open": ("o", "open and close of /dev/null: every variant has its own"),
    "mmap": ("m", "mmap and munmap of a page: each variant for itself"),
    "clock": ("c", "clock_gettime: a function of the vDSO natively"),
}


def names() -> list[str]:
    """All rows."""
    return list(ROWS)


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All contenders in the rows that were asked for."""
    program = build("calls", folder)
    for row in asked.row or ROWS:
        kind, meaning = ROWS[row]
        for contender in contenders(asked):
            words = [*contender.prefix, program, kind, str(asked.milliseconds)]
            yield Trial(row, meaning, contender.name, partial(_run, words))


def _run(words: list[str]) -> dict[str, float]:
    return {"time": float(run_once(words)[1])}
