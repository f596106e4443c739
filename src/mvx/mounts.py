"""Mount namespaces: where the leader goes, the followers follow.

A program makes a mount namespace, or enters one, in the leader alone; what is mounted there is
mounted once. Followers look up files, too: what they map, execute, and where they stand. So each
joins the leader's namespace (setns(2)), and stands there where it stood. That takes the right to do
so: CAP_SYS_ADMIN over the namespace and at home. Without it a follower stays where it is; it then
finds files only by names that mean the same in both.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx.remote import Remote
from mvx.tasks import SCRATCH_SIZE

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

NEW_MOUNTS: Final = 0x00020000
"""CLONE_NEWNS."""
_OPEN: Final = 2
_CLOSE: Final = 3
_CHDIR: Final = 80
_CHROOT: Final = 161
_SETNS: Final = 308
_CLOSE_ON_EXEC: Final = 0o2000000


def join(monitor: Monitor, follower: Task, *, in_call: bool) -> None:
    """Take a stopped follower to the leader's mount namespace; it stays stopped, with its
    registers. `in_call`: it stands between the entry and the exit of a call.

    Raises TaskGoneError when it dies meanwhile.
    """
    leader = follower.set.tasks.get(0)
    if leader is None or not _is_elsewhere(leader.tid, follower.tid):
        return
    root, folder = (_link(follower.tid, name) for name in ("root", "cwd"))
    remote = Remote(follower, monitor.control_call(follower.variant), in_call=in_call)
    namespace = _call(remote, follower, _OPEN, f"/proc/{leader.tid}/ns/mnt", _CLOSE_ON_EXEC)
    if namespace >= 0:
        is_there = remote.call(_SETNS, namespace, NEW_MOUNTS) == 0
        remote.call(_CLOSE, namespace)
        if is_there and root != "/":
            _call(remote, follower, _CHROOT, root)
        if is_there:
            _call(remote, follower, _CHDIR, folder)
    remote.finish(remote.registers)


def _call(remote: Remote, task: Task, number: int, name: str, *arguments: int) -> int:
    assert task.space is not None
    place = task.scratch_address
    content = os.fsencode(name)[: SCRATCH_SIZE - 1] + b"\0"
    task.space.memory.write(place, content)
    return remote.call(number, place, *arguments)


def _is_elsewhere(leader: int, follower: int) -> bool:
    return _link(leader, "ns/mnt") != _link(follower, "ns/mnt")


def _link(tid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{tid}/{name}")
    except OSError:
        return "/"
