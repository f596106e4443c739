"""How a variant waits for another: it spins, then sleeps in a futex.

Waking a sleeper whose CPU is idle costs far more than anything else that variants do: here tens of
microseconds, where two that spin exchange a record in half of one. Spinning for about as long as a
sleep costs is at most twice as expensive as knowing the future (the classical argument of ski
rental; Karlin, Manasse, McGeoch, Owicki, SODA 1990); what has been long lately is spun for less,
each kind of wait for itself. It is useless when the one that is waited for
cannot run: with more variants than CPUs, or with more runnable tasks on the machine than it has
CPUs (the fourth field of ``/proc/loadavg``, proc_loadavg(5), which counts spinners too).

The agent does the waiting (``agent/lane.c``); here is how long, and when not.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import time
from contextlib import suppress
from typing import Final, NamedTuple

from mvx import machine
from mvx.options import Wait

_ROUNDS: Final = 24
_TURNS_TIMED: Final = 2000
_BOUNDS: Final = {"wake_ns": (500.0, 1e6), "turn_ns": (0.2, 2000.0)}
_SPIN_PATIENCE_NS: Final = 10_000_000
"""How long `--wait spin` spins before it sleeps after all."""
_WAKES_PER_SPIN: Final = 8
_SPIN_MAX_NS: Final = 250_000
"""A sleep costs more than the time until the sleeper runs again: a call of the waker in the midst
of its work, calls and switches of the sleeper, and both may come to lie on one CPU by it. And
who is waited for may have been interrupted, by the client of a server for example, for tens of
microseconds. Measured with redis on two CPUs, a wake-up taking 22 us: 16,000 requests/s with one
wake-up's time, 25,000 with four, 37,000 with eight, not more with 32.
"""
LOOK_S: Final = 0.05
"""How often it is looked whether the machine is crowded."""
_LOOKS_CROWDED: Final = 2
_LOOKS_FREE: Final = 10
"""So many looks in a row must agree: a look sees one moment, and sleepers are not counted."""
_CODE: Final = bytes.fromhex("488b06 f390 48ffcf 75f6 c3")
"""mov (%rsi), %rax; pause; dec %rdi; jnz back; ret: the agent's loop."""


class Costs(NamedTuple):
    """What waiting costs on this machine."""

    wake_ns: float
    """From a wake on one CPU until the sleeper runs on another (or on the same, if it is alone)."""
    turn_ns: float
    """One turn of the agent's spinning loop."""

    @property
    def turns(self) -> int:
        """How many turns it pays to spin at most."""
        return round(min(_WAKES_PER_SPIN * self.wake_ns, _SPIN_MAX_NS) / self.turn_ns)


def costs() -> Costs:
    """The machine's costs, measured once per boot (about 2 ms)."""
    return Costs(**machine.recall("waiting", _BOUNDS, measure))


def measure() -> dict[str, float]:
    """Measure now; no more than a few milliseconds."""
    return {"wake_ns": _measure_wake(), "turn_ns": _measure_turn()}


def _measure_wake() -> float:
    """The median of half the time of a byte's way to another process and back."""
    processors = sorted(os.sched_getaffinity(0))
    there, back = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(there[1])
            os.sched_setaffinity(0, processors[-1:])
            while os.read(there[0], 1):
                os.write(back[1], b".")
        os._exit(0)
    try:
        with suppress(OSError):
            os.sched_setaffinity(0, processors[:1])
        taken_ns = []
        for _ in range(_ROUNDS):
            start_ns = time.perf_counter_ns()
            os.write(there[1], b".")
            os.read(back[0], 1)
            taken_ns.append(time.perf_counter_ns() - start_ns)
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, processors)
        for descriptor in (*there, *back):
            os.close(descriptor)
        os.waitpid(child, 0)
    low, high = _BOUNDS["wake_ns"]
    return min(max(sorted(taken_ns)[_ROUNDS // 2] / 2, low), high)


def _measure_turn() -> float:
    with mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    ) as page:
        page.write(_CODE)
        anchor = ctypes.c_char.from_buffer(page)
        word = ctypes.c_uint64()
        spin = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_void_p)(ctypes.addressof(anchor))
        best_ns = float("inf")
        for _ in range(3):
            start_ns = time.perf_counter_ns()
            spin(_TURNS_TIMED, ctypes.addressof(word))
            best_ns = min(best_ns, time.perf_counter_ns() - start_ns)
        del anchor
    low, high = _BOUNDS["turn_ns"]
    return min(max(best_ns / _TURNS_TIMED, low), high)


class Look(NamedTuple):
    """When :meth:`Waiting.has_changed` has something to do: from then on, if the machine is crowded
    or not, unlike before. It is when more run than who looks, the spinners and a task for each CPU.
    """

    next_s: float
    """time.monotonic: when it is time to look."""
    between_s: float
    spinners: int
    processors: int
    crowded: bool
    """As the machine was found."""


class Waiting:
    """How the tasks of one run wait, now."""

    def __init__(self, mode: Wait, variants: int) -> None:
        """`mode`: what the user asked for."""
        self._variants = variants
        self._most = 0
        self.wake_ns = 0
        """What the agent takes a wake for when it learns; 0: it does not learn."""
        if variants > 1 and mode != "sleep":
            known = costs()
            if mode == "spin":
                self._most = round(_SPIN_PATIENCE_NS / known.turn_ns)
            elif variants <= len(os.sched_getaffinity(0)):
                self._most = known.turns
                self.wake_ns = round(known.wake_ns)
        self.turns = self._most
        """How many turns a task spins at most."""
        self.watches = self.wake_ns != 0
        """Whether somebody has to look how crowded the machine is."""
        self._next_look = time.monotonic() + LOOK_S
        self._agreeing = 0

    def look(self) -> Look | None:
        """What others can look at meanwhile; None if nobody has to."""
        if not self.watches:
            return None
        crowded = self.turns == 0
        return Look(self._next_look, LOOK_S, self._variants - 1, _processors(), crowded)

    def looked(self, next_s: float) -> None:
        """Others have looked, and found nothing new; the next look is then."""
        self._next_look, self._agreeing = next_s, 0

    def has_changed(self) -> bool:
        """Look at the machine, if it is time; True when :attr:`turns` has changed by that."""
        now = time.monotonic()
        if not self.watches or now < self._next_look:
            return False
        self._next_look = now + LOOK_S
        crowded = is_crowded(self._variants - 1)
        if crowded == (self.turns == 0):
            self._agreeing = 0
            return False
        self._agreeing += 1
        if self._agreeing < (_LOOKS_CROWDED if crowded else _LOOKS_FREE):
            return False
        self._agreeing = 0
        self.turns = 0 if crowded else self._most
        return True


def is_crowded(spinners: int) -> bool:
    """Whether more tasks want to run than there are CPUs.

    The caller is not counted, nor so many `spinners`: a variant that waits for another is no work.
    A server, its follower and its client on two CPUs are three that run, and spinning is three
    times faster than sleeping there.
    """
    return running() - 1 - spinners > _processors()


@functools.cache
def _processors() -> int:
    """How many CPUs the machine has: the C library opens a file to find out."""
    return os.cpu_count() or 1


def running() -> int:
    """How many tasks of the machine run or want to, the caller included."""
    with open("/proc/loadavg", encoding="ascii") as stream:
        return int(stream.read().split()[3].partition("/")[0])
