"""Which transport is the best for how many bytes, measured on this machine.

The supervisor's variants do not cooperate, so it chooses among the transports that reach into a
process. :func:`measure` makes a child, stops it as a variant is stopped, and finds for either
direction the size from which another transport is quicker than ``/proc/PID/mem``, which can do
everything. It takes some milliseconds, once per boot (:mod:`mvx.machine`).
"""

from __future__ import annotations

import functools
import itertools
import mmap
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from mvx import machine
from mvx.memory.foreign import File, Vectors, Words
from mvx.memory.partner import stopped_child
from mvx.memory.transport import Transport

SIZES: Final = (8, 64, 512, 4096, 16384, 65536)
NEVER: Final = 1 << 40
"""A size that no transfer has."""
_REPETITIONS: Final = 7
_CLEARLY: Final = 0.95
"""What counts as quicker: less would be chance."""
_BOUND: Final = (0.0, float(NEVER))


class Choice(NamedTuple):
    """Sizes in bytes, for either direction (from the variant, to the variant)."""

    read_words_to: int
    """ptrace is the quickest up to this size, 0: never."""
    read_vectors_from: int
    """process_vm_readv is the quickest from this size on."""
    write_words_to: int
    write_vectors_from: int


@functools.cache
def best() -> Choice:
    """This machine's choice; it makes a child when it is not known yet."""
    bounds = dict.fromkeys(Choice._fields, _BOUND)
    kept = machine.recall("memory", bounds, lambda: measure()._asdict())
    return Choice(**{name: int(value) for name, value in kept.items()})


def measure() -> Choice:
    """Measure now."""
    with stopped_child(mmap.mmap(-1, SIZES[-1])) as (pid, address):
        file = File(pid)
        try:
            limits = []
            for times in (_reading, _writing):
                base = functools.partial(times, file, address)
                words = functools.partial(times, Words(pid), address)
                vectors = functools.partial(times, Vectors(pid), address)
                limits += [
                    _last(words, base, SIZES) or 0,
                    _last(vectors, base, SIZES[::-1]) or NEVER,
                ]
        finally:
            file.close()
    return Choice(*limits)


def _last(
    times: Callable[[int], float], base: Callable[[int], float], sizes: Sequence[int]
) -> int | None:
    """The last of the sizes up to which one is quicker than the other throughout."""
    quicker = list(itertools.takewhile(lambda size: times(size) < _CLEARLY * base(size), sizes))
    return quicker[-1] if quicker else None


def _reading(transport: Transport, address: int, size: int) -> float:
    return _fastest(lambda: transport.read(address, size))


def _writing(transport: Transport, address: int, size: int) -> float:
    content = bytes(size)
    return _fastest(lambda: transport.write(address, content))


def _fastest(transfer: Callable[[], object]) -> float:
    """The shortest of some transfers: what happens besides can only make them longer."""
    best_ns = float("inf")
    for _ in range(_REPETITIONS):
        start_ns = time.perf_counter_ns()
        transfer()
        best_ns = min(best_ns, time.perf_counter_ns() - start_ns)
    return best_ns
