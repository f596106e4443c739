"""What a program reads about its own processes in /proc: as if nobody traced them.

``/proc/PID/status`` of a variant's process says who traces it and that it has a seccomp filter, and
in ``stat``, too, a process that stands in a stop of the supervisor's is said to be traced. When the
leader opens such a file (of a thread, too), it gets one with the native words instead, made at that
moment, and made anew whenever it is read from its start (proc(5); fs/proc/array.c: the words of the
states). Files of processes outside of the run stay as they are.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, NamedTuple

from mvx import kernel
from mvx.copies import FileKey, file_key, position
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_SIZE_MAX = 1 << 16
_VIEWS_MAX = 64
"""How many such files are kept up to date; those that were opened before are as they were then."""
_RUNNING, _SLEEPING, _STOPPED = b"R (running)", b"S (sleeping)", b"T (stopped)"


class _View(NamedTuple):
    """Descriptors of the supervisor's: the file of /proc, and what stands for it."""

    file: int
    memory: int


class Views:
    """Makes such files."""

    def __init__(self, monitor: Monitor) -> None:
        """Looks at the monitor's tasks."""
        self._monitor = monitor
        self._made: dict[Task, int] = {}
        self._views: dict[FileKey, _View] = {}
        """The last ones, oldest first."""

    def fetch(self, task: Task, address: int, descriptor: int) -> int:
        """The leader's agent has opened a file of that kind, and asks for one to put in its place:
        first with an address for that of the socket, whose size is returned (0: keep the file),
        then with 0, connected.
        """
        if address:
            path = f"/proc/{task.tid}/fd/{descriptor}"
            content = self._content(task, path)
            if content is None:
                return 0
            self._made[task] = self._make(path, content)
            return self._monitor.handover.invite(task, address)
        made = self._made.pop(task, -1)
        if made >= 0 and self._monitor.handover.give(task, made):
            return 0
        return -1

    def reread(self, task: Task, descriptor: int, *, is_start: bool) -> None:
        """The leader is about to read such a file; `is_start`: from its start wherever the
        descriptor stands.
        """
        with contextlib.suppress(OSError):
            if not is_start and position(task, descriptor):
                return
            view = self._views.get(file_key(os.stat(f"/proc/{task.tid}/fd/{descriptor}")))
            if view is not None:
                content = self._content(task, f"/proc/self/fd/{view.file}")
                if content is None:  # it has ended: the kernel's words do, if there are any
                    content = _plain(view.file)
                os.pwrite(view.memory, content, 0)
                os.ftruncate(view.memory, len(content))

    def close(self) -> None:
        """Forget all."""
        while self._views:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        for number in self._views.pop(next(iter(self._views))):
            os.close(number)

    def _make(self, path: str, content: bytes) -> int:
        """A descriptor, to be read only, of a file with that content, which stands for another."""
        memory = os.memfd_create("mvx-view", os.MFD_CLOEXEC)
        os.write(memory, content)
        if len(self._views) == _VIEWS_MAX:
            self._forget_oldest()
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._views[file_key(os.fstat(memory))] = _View(file, memory)
        return os.open(f"/proc/self/fd/{memory}", os.O_RDONLY | os.O_CLOEXEC)

    def _content(self, task: Task, path: str) -> bytes | None:
        content = b""
        with contextlib.suppress(OSError):
            is_status = os.readlink(path).endswith("/status")
            with open(path, "rb") as file:
                content = file.read(_SIZE_MAX)
            return self._status(task, content) if is_status else self._stat(task, content)
        return None

    def _status(self, reader: Task, content: bytes) -> bytes | None:
        lines = [line.partition(b":\t") for line in content.splitlines()]
        values = {name: value for name, _, value in lines}
        if values.get(b"TracerPid") != b"%d" % os.getpid():
            return None
        filters = int(values.get(b"Seccomp_filters", b"1")) - 1
        new = {b"TracerPid": b"0", b"Seccomp_filters": b"%d" % filters}
        if not filters:
            new[b"Seccomp"] = b"0"
        if values[b"State"].startswith(b"t"):
            new[b"State"] = self._state(reader, int(values[b"Pid"]))
        return b"".join(
            name + separator + new.get(name, value) + b"\n" for name, separator, value in lines
        )

    def _stat(self, reader: Task, content: bytes) -> bytes | None:
        tid = int(content.split(b" ", 1)[0])
        head, separator, rest = content.rpartition(b") ")
        if tid not in self._monitor.tasks:
            return None
        if not rest.startswith(b"t"):
            return content
        return head + separator + self._state(reader, tid)[:1] + rest[1:]

    def _state(self, reader: Task, tid: int) -> bytes:
        """The state of a task that stands in one of the supervisor's stops."""
        if tid == reader.tid:
            return _RUNNING
        task = self._monitor.tasks.get(tid)
        if task is None:
            return _SLEEPING
        return _STOPPED if task.state is State.STOPPED or _is_stopping(tid) else _SLEEPING


def _plain(file: int) -> bytes:
    with contextlib.suppress(OSError):
        return os.pread(file, _SIZE_MAX, 0)
    return b""


def _is_stopping(tid: int) -> bool:
    """Whether a task has stopped by job control, and the supervisor has not served that yet."""
    flags = os.WSTOPPED | os.WNOHANG | os.WNOWAIT | kernel.WALL
    try:
        found = os.waitid(os.P_PID, tid, flags)
    except ChildProcessError:
        return False
    event, number = (found.si_status >> 8, found.si_status & 0xFF) if found else (0, 0)
    return event == kernel.EVENT_STOP and number != signal.SIGTRAP
