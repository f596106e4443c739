"""The files of /proc/PID (proc(5)), read whole, by no more system calls than that takes."""

from __future__ import annotations

import os
from typing import Final

_PIECE: Final = 1 << 16


def read(pid: int, name: str) -> bytes:
    """A file of a process or task; raises OSError (ENOENT, ESRCH) when that is gone."""
    descriptor = os.open(f"/proc/{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        while piece := os.read(descriptor, _PIECE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def record(pid: int) -> list[bytes]:
    """The fields of proc_pid_stat(5), from the third on: the two before are number and name."""
    content = read(pid, "stat")
    return content[content.rindex(b")") + 2 :].split()
