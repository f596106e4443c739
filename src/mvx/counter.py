"""The frequency with which the emulated time stamp counter counts."""

from __future__ import annotations

import functools
import os
import re
from typing import Final

_FIRST_PROCESSOR: Final = 2048
"""So many bytes of /proc/cpuinfo have it; the kernel makes no more of the text than is read."""
_DEFAULT_KHZ: Final = 1_000_000


@functools.cache
def frequency_khz() -> int:
    """The kernel's word for the machine's frequency, else 1 GHz."""
    descriptor = os.open("/proc/cpuinfo", os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = os.read(descriptor, _FIRST_PROCESSOR)
    finally:
        os.close(descriptor)
    found = re.search(rb"^cpu MHz\s*: ([0-9]+)(?:\.([0-9]{3}))?", text, re.MULTILINE)
    return int(found[1] + (found[2] or b"000")) if found else _DEFAULT_KHZ
