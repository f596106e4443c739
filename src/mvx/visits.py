"""Breakpoints that stop a task at its n-th visit: the kernel counts the others.

perf_event_open(2), PERF_TYPE_BREAKPOINT with a sample_period: a visit costs an exception, and the
n-th one a SIGTRAP of the task itself, before the instruction, with si_code TRAP_PERF (`sigtrap`,
Linux 5.13). Where it is not to be had (perf_event_paranoid of 3 and more, which some distributions
have), the supervisor counts stops.
"""

from __future__ import annotations

import ctypes
import functools
import os
import struct
from typing import Final

from mvx import kernel

_PERF_EVENT_OPEN: Final = 298
_ATTRIBUTES: Final = struct.Struct("<IIQQQQQIIQQ56x")
"""struct perf_event_attr of linux/perf_event.h, 128 bytes: type, size, config, sample_period,
sample_type, read_format, flags, wakeup_events, bp_type, bp_addr, bp_len.
"""
_BREAKPOINT: Final = 5
_EXECUTE: Final = 4
_EXCLUDE_KERNEL: Final = 1 << 5
_EXCLUDE_HYPERVISOR: Final = 1 << 6
_REMOVE_ON_EXEC: Final = 1 << 36
_SIGTRAP: Final = 1 << 37
_FLAGS: Final = _EXCLUDE_KERNEL | _EXCLUDE_HYPERVISOR | _REMOVE_ON_EXEC | _SIGTRAP
_CLOSE_ON_EXEC: Final = 8
_STOPS_MOST: Final = 64
_COUNTED_MOST: Final = 4000


def watch(tid: int, address: int, count: int) -> int | None:
    """A descriptor that makes a task stop when it comes to an address for the so-many-th time,
    until it is closed; None where the kernel does not count.
    """
    attributes = _ATTRIBUTES.pack(
        *(_BREAKPOINT, _ATTRIBUTES.size, 0, count, 0, 0, _FLAGS, 0, _EXECUTE, address, 8)
    )
    buffer = ctypes.create_string_buffer(attributes, _ATTRIBUTES.size)
    descriptor = kernel.system_call(
        _PERF_EVENT_OPEN, ctypes.addressof(buffer), tid, -1, -1, _CLOSE_ON_EXEC
    )
    return descriptor if descriptor >= 0 else None


@functools.cache
def most() -> int:
    """How many visits are worth waiting for: those that the kernel counts take some 20 µs each on a
    virtual machine, stops three times as long and a change of tasks, which others may delay.
    """
    here = ctypes.addressof(ctypes.create_string_buffer(1))
    descriptor = watch(0, here, 1)
    if descriptor is None:
        return _STOPS_MOST
    os.close(descriptor)
    return _COUNTED_MOST
