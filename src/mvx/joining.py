"""Namespaces that the program makes, or enters: the leader alone does.

What is mounted in a mount namespace is mounted once. But followers look up files, too: what they
map, execute, and where they stand; and each attaches System V segments. So each joins the leader's
namespaces (setns(2)), and stands there where it stood. That takes the right to do so: CAP_SYS_ADMIN
over the namespace and at home. Without it a follower stays where it is; it then finds files only by
names that mean the same in both, and no segment.

In a namespace of processes a process has another number, which the leader gets when it asks for it.
Followers stay outside: they make no call that takes a number or gives one, and a process of theirs
that was the first of a namespace could not use CLONE_PARENT (kernel/fork.c: SIGNAL_UNKILLABLE). So
only the numbers that mvx itself writes have to be those that the program knows.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx.remote import Remote
from mvx.tasks import SCRATCH_SIZE

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task, TaskSet

NEW_MOUNTS: Final = 0x00020000
"""CLONE_NEWNS."""
NEW_OBJECTS: Final = 0x08000000
"""CLONE_NEWIPC: System V objects and POSIX message queues."""
NEW_PROCESSES: Final = 0x20000000
"""CLONE_NEWPID."""
FOLLOWED: Final = NEW_MOUNTS | NEW_OBJECTS
ALL: Final = FOLLOWED | NEW_PROCESSES
OWN_FILES: Final = ("maps", "numa_maps", "auxv", "pagemap")
"""Files of /proc/PID that are each variant's own (agent/descriptors.c)."""
_OPEN: Final = 2
_CLOSE: Final = 3
_CHDIR: Final = 80
_CHROOT: Final = 161
_SETNS: Final = 308
_CLOSE_ON_EXEC: Final = 0o2000000


def join(monitor: Monitor, follower: Task, *, in_call: bool) -> None:
    """Take a stopped follower to the leader's namespaces; it stays stopped, with its registers.
    `in_call`: it stands between the entry and the exit of a call.

    Raises TaskGoneError when it dies meanwhile.
    """
    leader = follower.set.tasks.get(0)
    if leader is None:
        return
    elsewhere = [name for name in ("ipc", "mnt") if _is_elsewhere(leader.tid, follower.tid, name)]
    if not elsewhere:
        return
    root, folder = (link(follower.tid, name) for name in ("root", "cwd"))
    remote = Remote(follower, monitor.control_call(follower.variant), in_call=in_call)
    for name in elsewhere:  # in the other mounts the leader's number may not be found
        is_there = _enter(remote, follower, leader.tid, name)
        if name == "mnt" and is_there:
            if root != "/":
                _call(remote, follower, _CHROOT, root)
            _call(remote, follower, _CHDIR, folder)
    remote.finish(remote.registers)


def _enter(remote: Remote, follower: Task, leader: int, name: str) -> bool:
    namespace = _call(remote, follower, _OPEN, f"/proc/{leader}/ns/{name}", _CLOSE_ON_EXEC)
    if namespace < 0:
        return False
    result = remote.call(_SETNS, namespace, {"ipc": NEW_OBJECTS, "mnt": NEW_MOUNTS}[name])
    remote.call(_CLOSE, namespace)
    return result == 0


def hand_own_file(monitor: Monitor, follower: Task, address: int, which: int) -> int | None:
    """A follower cannot open a file about itself, as it is not in the PID namespace whose /proc it
    sees: first it asks with an address for that of the socket, whose size is returned, then with 0,
    connected. None if there is no such file.
    """
    if not 0 < which <= len(OWN_FILES):
        return None
    if address:
        return monitor.handover.invite(follower, address)
    try:
        file = os.open(f"/proc/{follower.tid}/{OWN_FILES[which - 1]}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return -(error.errno or 1)
    return 0 if monitor.handover.give(follower, file) else None


def number(child: TaskSet, parent: Task, *, is_thread: bool) -> None:
    """Tell a new task set the numbers of the leader's task in its own and in its parent's eyes."""
    numbers, depth = _numbers(child.tid), len(_numbers(parent.tid))
    if numbers and depth:
        child.own_tid = numbers[-1]
        child.own_process = parent.set.own_process if is_thread else child.own_tid
        child.told = numbers[min(depth, len(numbers)) - 1]


def _numbers(tid: int) -> list[int]:
    """A task's numbers, the first as mvx sees it, the last as it does itself (proc_pid_status(5):
    NSpid); none when it is gone.
    """
    try:
        with open(f"/proc/{tid}/status", encoding="ascii", errors="replace") as file:
            words = next(line for line in file if line.startswith("NSpid:"))
    except (OSError, StopIteration):
        return []
    return [int(word) for word in words.split()[1:]]


def _call(remote: Remote, task: Task, number: int, name: str, *arguments: int) -> int:
    assert task.space is not None
    place = task.scratch_address
    content = os.fsencode(name)[: SCRATCH_SIZE - 1] + b"\0"
    task.space.memory.write(place, content)
    return remote.call(number, place, *arguments)


def _is_elsewhere(leader: int, follower: int, name: str) -> bool:
    return link(leader, f"ns/{name}") != link(follower, f"ns/{name}")


def link(tid: int, name: str) -> str:
    """Where a link in a task's folder of /proc leads, a slash when the task is gone."""
    try:
        return os.readlink(f"/proc/{tid}/{name}")
    except OSError:
        return "/"
