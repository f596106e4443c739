"""System V shared memory: the leader attaches the real segment, each follower one of its own.

The program sees the leader's identifier everywhere. When a follower attaches it, the supervisor
makes a segment of the same size and content for that variant and puts its identifier into the call.
The segment is marked for removal at once and kept by the supervisor's own attachment (Linux lets a
segment that is marked, but attached somewhere, be attached again: shmctl(2)), so nothing stays
behind however the run ends. Processes outside the run that share the segment are not seen by
followers.
"""

from __future__ import annotations

import ctypes
from typing import Final

from mvx import kernel
from mvx.kernel import Registers
from mvx.tasks import Task

_SHMGET: Final = 29
_SHMAT: Final = 30
_SHMCTL: Final = 31
_IPC_RMID: Final = 0
_IPC_SET: Final = 1
_IPC_STAT: Final = 2
_SHM_RDONLY: Final = 0o10000
_STATUS_SIZE: Final = 112
_SIZE_OFFSET: Final = 48
_EINVAL: Final = 22


class Segments:
    """The followers' segments."""

    def __init__(self) -> None:
        """None yet."""
        self._own: dict[tuple[int, int], int] = {}

    def translate(self, task: Task, current: Registers) -> int:
        """Make a stopped shmat of a follower attach its own segment. Returns an errno, or 0."""
        if task.is_leader:
            return 0
        identifier = current.rdi & 0xFFFFFFFF
        key = (task.variant.index, identifier)
        if key not in self._own:
            own = _copy(identifier)
            if own < 0:
                return -own
            self._own[key] = own
        current.rdi = self._own[key]
        kernel.set_registers(task.tid, current)
        return 0


def _copy(identifier: int) -> int:
    """A segment with the size, owner, rights and content of another: its identifier, or -errno."""
    status = ctypes.create_string_buffer(_STATUS_SIZE)
    result = kernel.system_call(_SHMCTL, identifier, _IPC_STAT, ctypes.addressof(status))
    if result < 0:
        return result
    size = int.from_bytes(status.raw[_SIZE_OFFSET : _SIZE_OFFSET + 8], "little")
    own = kernel.system_call(_SHMGET, 0, size, 0o600)
    if own < 0:
        return own
    kernel.system_call(_SHMCTL, own, _IPC_SET, ctypes.addressof(status))
    source = kernel.system_call(_SHMAT, identifier, 0, _SHM_RDONLY)
    target = kernel.system_call(_SHMAT, own, 0, 0)
    kernel.system_call(_SHMCTL, own, _IPC_RMID, 0)
    if target < 0:
        return target
    if source > 0:
        ctypes.memmove(target, source, size)
        kernel.system_call(67, source)
    return own
