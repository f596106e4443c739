"""The supervisor's time slice: short, so that it runs soon after a variant has stopped.

A task whose slice is shorter than that of the one that runs takes the processor from it when it
wakes up (kernel/sched/fair.c, PREEMPT_SHORT, Linux 6.12); its share of the time is the same. Slices
are set by sched_setattr(2) with `sched_runtime`, which older kernels ignore for usual policies.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Final

from mvx import kernel

_SCHED_SETATTR: Final = 314
_SCHED_GETATTR: Final = 315
_ATTRIBUTES: Final = struct.Struct("<IIQiIQQQII")
"""struct sched_attr of linux/sched/types.h: size, policy, flags, nice, priority, runtime, deadline,
period, least and most utilization.
"""
_RUNTIME: Final = 5
_USUAL: Final = frozenset({0, 3})
"""SCHED_OTHER, SCHED_BATCH."""
_SLICE_NS: Final = 100_000
"""The shortest that the kernel allows."""


def shorten() -> bool:
    """Ask for short slices for the caller; False when it has them not. What it forks from now on
    has them, too.
    """
    buffer = ctypes.create_string_buffer(_ATTRIBUTES.size)
    address = ctypes.addressof(buffer)
    if kernel.system_call(_SCHED_GETATTR, 0, address, _ATTRIBUTES.size, 0) < 0:
        return False
    values = list(_ATTRIBUTES.unpack(buffer.raw))
    if values[1] not in _USUAL:
        return False
    values[0], values[2], values[_RUNTIME] = _ATTRIBUTES.size, values[2] & 1, _SLICE_NS
    values[-2:] = 0, 0
    buffer.raw = _ATTRIBUTES.pack(*values)
    return kernel.system_call(_SCHED_SETATTR, 0, address, 0) == 0
