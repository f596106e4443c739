"""Which signals the kernel keeps when more than one is pending (signal(7), timer_getoverrun(2))."""

from __future__ import annotations

import signal
import struct
from typing import Final

from mvx import kernel
from mvx.tasks import Stash

_TIMER: Final = struct.Struct("<i4xii")
"""Of a siginfo from si_code on: si_code, si_timerid, si_overrun."""

_TIMERS: Final = frozenset({signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF})
"""What setitimer(2) sends, with SI_KERNEL."""


def merge(stashes: list[Stash], new: Stash) -> None:
    """Add a signal to those that wait, as the kernel does: a standard one is pending only once for
    the thread and once for the process, and a timer has only one signal pending, which counts its
    overruns.
    """
    for old in stashes:
        if old.number != new.number:
            continue
        if new.number < kernel.FIRST_REALTIME:
            if _is_for_thread(old) == _is_for_thread(new):
                return
            continue
        code, timer, overruns = _TIMER.unpack_from(new.information, 8)
        former_code, former_timer, former_overruns = _TIMER.unpack_from(old.information, 8)
        if code == former_code == kernel.SI_TIMER and timer == former_timer:
            counted = struct.pack("<i", min(former_overruns + overruns + 1, 0x7FFFFFFF))
            start = 8 + _TIMER.size - 4
            old.information = old.information[:start] + counted + old.information[start + 4 :]
            return
    stashes.append(new)


def _is_for_thread(stash: Stash) -> bool:
    """Whether a signal was sent by tgkill(2)."""
    return int.from_bytes(stash.information[8:12], "little", signed=True) == kernel.SI_TKILL


def is_timer(number: int, information: bytes) -> bool:
    """Whether a signal is a timer's."""
    code = struct.unpack_from("<i", information, 8)[0]
    return code == kernel.SI_TIMER or (code == kernel.SI_KERNEL and number in _TIMERS)
