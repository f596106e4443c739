"""System V shared memory: the leader attaches the real segment, each follower one of its own.

The program sees the leader's identifier everywhere. When a follower attaches it, the supervisor
makes a segment of the same size and content for that variant and puts its identifier into the call.
The segment is marked for removal at once and kept by the supervisor's own attachment (Linux lets a
segment that is marked, but attached somewhere, be attached again: shmctl(2)), so nothing stays
behind however the run ends. Processes outside the run that share the segment are not seen by
followers.

In an IPC namespace of the program's, where followers have joined the leader (:mod:`.joining`), the
supervisor makes their segments there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from typing import TYPE_CHECKING, Final

from mvx import joining, kernel
from mvx.kernel import Registers
from mvx.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHMGET: Final = 29
_SHMAT: Final = 30
_SHMCTL: Final = 31
_SHMDT: Final = 67
_SETNS: Final = 308
_IPC_RMID: Final = 0
_IPC_SET: Final = 1
_IPC_STAT: Final = 2
_SHM_RDONLY: Final = 0o10000
_STATUS_SIZE: Final = 112
_SIZE_OFFSET: Final = 48
_EINVAL: Final = 22


class Segments:
    """The followers' segments."""

    def __init__(self, variants: int) -> None:
        """None yet."""
        self._followers = range(1, variants)
        self._own: dict[tuple[int, str, int], int] = {}

    def translate(self, task: Task, current: Registers) -> int:
        """Make a stopped shmat of a follower attach its own segment; before the leader attaches,
        and can store anything, all followers get theirs. Returns an errno, or 0.
        """
        identifier = current.rdi & 0xFFFFFFFF
        leader = task.set.tasks[0].tid
        place = joining.link(leader, "ns/ipc")
        for variant in self._followers if task.is_leader else (task.variant.index,):
            if (variant, place, identifier) not in self._own:
                try:
                    with _inside(leader, place):
                        own = _copy(identifier, leader)
                except OSError as error:
                    own = -(error.errno or _EINVAL)
                if own < 0:
                    return 0 if task.is_leader else -own
                self._own[variant, place, identifier] = own
        if not task.is_leader:
            current.rdi = self._own[task.variant.index, place, identifier]
            kernel.set_registers(task.tid, current)
        return 0


@contextlib.contextmanager
def _inside(leader: int, place: str) -> Iterator[None]:
    """Be in the leader's IPC namespace for a while. Raises OSError without the right to."""
    if joining.link(os.getpid(), "ns/ipc") == place:
        yield
        return
    with open("/proc/self/ns/ipc", "rb") as home, open(f"/proc/{leader}/ns/ipc", "rb") as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(namespace: int) -> None:
    result = kernel.system_call(_SETNS, namespace, joining.NEW_OBJECTS)
    if result < 0:
        raise OSError(-result, os.strerror(-result))


def _attached(identifier: int, leader: int) -> int:
    """Where the leader has attached a segment, 0 if it has not."""
    with contextlib.suppress(OSError), open(f"/proc/{leader}/maps", encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            named = fields[5:] and fields[5].startswith("/SYSV")
            if named and fields[4] == str(identifier):
                return int(fields[0].partition("-")[0], 16)
    return 0


def _content(identifier: int, size: int, leader: int) -> bytes:
    """What is in a segment. The leader's own memory tells it, so that nobody sees one attachment
    more; where the leader has detached it already, it is attached for the moment.
    """
    address = _attached(identifier, leader)
    if address:
        with contextlib.suppress(OSError), open(f"/proc/{leader}/mem", "rb") as memory:
            memory.seek(address)
            content = memory.read(size)
            if len(content) == size:
                return content
    source = kernel.system_call(_SHMAT, identifier, 0, _SHM_RDONLY)
    if source < 0:
        return b""
    content = ctypes.string_at(source, size)
    kernel.system_call(_SHMDT, source)
    return content


def _copy(identifier: int, leader: int) -> int:
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
    target = kernel.system_call(_SHMAT, own, 0, 0)
    kernel.system_call(_SHMCTL, own, _IPC_RMID, 0)
    if target < 0:
        return target
    content = _content(identifier, size, leader)
    ctypes.memmove(target, content, len(content))
    return own
