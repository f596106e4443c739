"""The kernel's vDSO (vdso(7)): where its functions are, and the calls that it makes.

All 64-bit processes of a kernel have the same one, so the supervisor's own tells where a function
is in the variants'. The program does not learn of it (the auxiliary vector names none); the agent
asks it for the time (agent/clock.c).
"""

from __future__ import annotations

import ctypes
import functools
from typing import TYPE_CHECKING, Final

from mvx.layout import VDSO_SIZE
from mvx.stack import AT_SYSINFO_EHDR

if TYPE_CHECKING:
    from mvx.kernel import Registers

_NAME: Final = "linux-vdso.so.1"
_HARMLESS: Final = frozenset({96, 201, 228})
"""gettimeofday, time, clock_gettime: what its function does where it cannot tell the time."""


@functools.cache
def clock_offset() -> int:
    """Where in the vDSO the function clock_gettime is; 0: there is none."""
    library = ctypes.CDLL(None)
    library.getauxval.restype = ctypes.c_ulong
    start = library.getauxval(AT_SYSINFO_EHDR)
    try:
        function = ctypes.CDLL(_NAME)["__vdso_clock_gettime"]
    except (OSError, AttributeError):
        return 0
    address = ctypes.cast(function, ctypes.c_void_p).value or 0
    return address - start if start < address < start + VDSO_SIZE else 0


def is_call(start: int, current: Registers) -> bool:
    """Whether a task is stopped at a call of the vDSO that starts there: one that tells the time.
    Whoever jumps there makes it to no other end, whatever the registers say.
    """
    return (
        bool(start) and start <= current.rip < start + VDSO_SIZE and current.orig_rax in _HARMLESS
    )
