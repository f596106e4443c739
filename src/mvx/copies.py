"""Copies of files that the program maps shared and writable: what followers map in their stead.

The leader maps the file itself, so that it is written once, and other programs see what they would
see natively. Each follower maps a memfd of its own, which begins with the file's content and is one
for all processes of the variant: what they store meets there as it does in the file. Calls that
change the file are the leader's; the agent tells of them (``agent/shared.c``), and the copies are
brought up to date while the followers wait for the call's result.

The file is held open while there are copies, so that its inode number is
not given to another file. Copies that nobody maps are forgotten now and then: the file has their
content.

Not seen by followers: what processes outside of the run store in the file.
"""

from __future__ import annotations

import collections
import contextlib
import errno
import os
import stat
import weakref
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import kernel
from mvx.kernel import Registers
from mvx.tasks import Task, TaskSet

if TYPE_CHECKING:
    from mvx.monitor import Monitor

_PROT_WRITE: Final = 2
_MAP_SHARED: Final = 1
_DEVICE_ZERO: Final = os.makedev(1, 5)
_FALLOCATE: Final = 285
_PUNCH_HOLE: Final = 2 | 1
_PIECE: Final = 1 << 20
_KEPT_MIN: Final = 32
"""How many copies there are at least before the unused ones are looked for."""
_AT_POSITION: Final = frozenset({18, 296, 328})
"""pwrite64, pwritev, pwritev2: the fourth argument says where they write."""
_SEQUENTIAL: Final = frozenset({1, 20})
"""write, writev: they end where the descriptor stands afterwards."""
_SIZES: Final = frozenset({2, 76, 77, 85, 257, 437})
"""Opening with O_TRUNC, truncate, ftruncate: only the size changes."""
_PLACEHOLDER: Final = "anon_inode:[eventfd]"
_WRITABLE: Final = os.O_WRONLY | os.O_RDWR

FileKey = tuple[int, int]


class Offer(NamedTuple):
    """What a follower is to map: a descriptor of the supervisor's.

    `always`: also where the follower has an open of its own.
    """

    descriptor: int
    always: bool


class Copy:
    """One file and the followers' copies of it."""

    def __init__(self, path: str, variants: int, own: list[int] | None = None) -> None:
        """Copy the file, or take what the followers have `own` for it; raises OSError."""
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        if own is not None:
            self.copies = own
            return
        self.copies = [os.memfd_create("mvx-copy", os.MFD_CLOEXEC) for _ in range(1, variants)]
        self.refresh(0, None)

    def refresh(self, start: int, end: int | None) -> None:
        """Bring the copies up to date: the size, and the content between two offsets."""
        size = os.fstat(self._file).st_size
        for copy in self.copies:
            if os.fstat(copy).st_size != size:
                os.ftruncate(copy, size)
        end = size if end is None else min(end, size)
        while start < end:
            data, stop = self._extent(start, end)
            if data > start:
                for copy in self.copies:
                    kernel.system_call(_FALLOCATE, copy, _PUNCH_HOLE, start, data - start)
            for offset in range(data, stop, _PIECE):
                content = os.pread(self._file, min(_PIECE, stop - offset), offset)
                for copy in self.copies:
                    os.pwrite(copy, content, offset)
            start = stop

    def _extent(self, start: int, end: int) -> tuple[int, int]:
        """The first data at or after an offset; both are `end` if there is none."""
        try:
            data = os.lseek(self._file, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return end, end
            return start, end  # the file system does not tell
        return min(data, end), min(os.lseek(self._file, data, os.SEEK_HOLE), end)

    def is_mapped(self, inodes: set[FileKey]) -> bool:
        """Whether the file or a copy of it is among mapped inodes."""
        return any(file_key(os.fstat(number)) in inodes for number in (self._file, *self.copies))

    def close(self) -> None:
        """Forget the copies; whoever maps them keeps them."""
        for number in (self._file, *self.copies):
            os.close(number)


class Copies:
    """All copies, and what followers have still to map."""

    def __init__(self, monitor: Monitor) -> None:
        """None yet."""
        self._monitor = monitor
        self._known: dict[FileKey, Copy] = {}
        self._limit = _KEPT_MIN
        self._offers: weakref.WeakKeyDictionary[
            TaskSet, dict[int, collections.deque[Offer | None]]
        ] = weakref.WeakKeyDictionary()
        self.hash = 0
        """Inode numbers modulo 32 of the files that have copies, as bits: for the leader's agent.
        """

    def close(self) -> None:
        """Forget everything."""
        for copy in self._known.values():
            copy.close()
        self._known.clear()

    # The leader maps

    def asked(self, task: Task, current: Registers) -> int:
        """The leader is about to map a file that followers cannot map themselves. Returns an
        errno if it must not, else 0; then :meth:`mapped` follows.
        """
        path = f"/proc/{task.tid}/fd/{current.r8 & 0xFFFFFFFF}"
        task.offers = []
        try:
            status = os.stat(path)
            if _flags(task, current.r8 & 0xFFFFFFFF) & os.O_ACCMODE == os.O_WRONLY:
                return 0  # the kernel will say EACCES
        except OSError:
            return 0  # the kernel will say EBADF
        if not current.r10 & _MAP_SHARED:
            if stat.S_ISREG(status.st_mode):
                task.offers = self._files(path)
            return 0
        is_written = bool(current.rdx & _PROT_WRITE)
        if stat.S_ISREG(status.st_mode):
            try:
                task.offers = self._offered(task, current, path, status, is_written=is_written)
            except OSError as error:
                return self._refuse(path, error.strerror or "")
        elif status.st_rdev == _DEVICE_ZERO:
            task.offers = [Offer(_memory(current.rsi + current.r9), True) for _ in self._followers]
        else:
            return self._refuse(path, "neither a regular file nor /dev/zero")
        return 0

    @property
    def _followers(self) -> range:
        return range(1, len(self._monitor.variants))

    def _refuse(self, path: str, reason: str) -> int:
        with contextlib.suppress(OSError):
            path = os.readlink(path)
        self._monitor.warn(f"shared:{path}", f"{path}: shared mapping refused (ENODEV): {reason}")
        return errno.ENODEV

    def _offered(
        self, task: Task, current: Registers, path: str, status: os.stat_result, *, is_written: bool
    ) -> list[Offer | None]:
        """What each follower gets for a regular file that the leader maps."""
        key = file_key(status)
        can_write = _flags(task, current.r8 & 0xFFFFFFFF) & _WRITABLE
        copy = self._known.get(key)
        if copy is None and (is_written or can_write):
            if not can_write:
                return [None for _ in self._followers]  # the kernel will say EACCES
            copy = self._note(Copy(path, len(self._monitor.variants)), key)
        if copy is None:
            return self._files(path)
        mode = os.O_RDWR if can_write else os.O_RDONLY
        return [
            Offer(os.open(f"/proc/self/fd/{number}", mode | os.O_CLOEXEC), True)
            for number in copy.copies
        ]

    def _note(self, copy: Copy, key: FileKey) -> Copy:
        self._forget_unused()
        self._known[key] = copy
        self.hash |= 1 << key[1] % 32
        self._monitor.tell_leaders("copies", self.hash)
        return copy

    def passed(self, task: Task, descriptor: int) -> None:
        """The leader is about to send a descriptor of memory that every variant has for itself:
        whoever maps it there maps, in a follower, what the follower has under the same number.
        """
        tasks = [task.set.tasks.get(index) for index in self._followers]
        try:
            key = file_key(os.stat(f"/proc/{task.tid}/fd/{descriptor}"))
            if key in self._known:
                return
            own = [_open_memory(other, descriptor) for other in tasks if other is not None]
            if len(own) == len(tasks):
                path = f"/proc/{task.tid}/fd/{descriptor}"
                self._note(Copy(path, len(self._monitor.variants), own), key)
        except OSError:
            return  # closed meanwhile, or a file of /proc

    def _files(self, path: str) -> list[Offer | None]:
        """The file itself for each follower that has none, for reading."""
        return [Offer(os.open(path, os.O_RDONLY | os.O_CLOEXEC), False) for _ in self._followers]

    def mapped(self, task: Task, *, succeeded: bool) -> None:
        """The leader's call is over: followers will come for theirs, if it succeeded."""
        offers, task.offers = task.offers, []
        for variant, offer in zip(self._followers, offers, strict=True):
            if succeeded:
                queues = self._offers.setdefault(task.set, {})
                queues.setdefault(variant, collections.deque()).append(offer)
            elif offer is not None:
                os.close(offer.descriptor)

    # A follower maps

    def fetch(self, task: Task, address: int) -> int | None:
        """A follower's agent asks for what it is to map: first with an address for that of the
        socket, whose size is returned (0: its own descriptor will do), then with 0, connected. None
        if the leader has mapped nothing.
        """
        queue = self._offers.get(task.set, {}).get(task.variant.index)
        if not queue:
            return None
        offer = queue[0]
        if address:
            if offer is None or not (offer.always or self._has_placeholder(task)):
                queue.popleft()
                if offer is not None:
                    os.close(offer.descriptor)
                return 0
            return self._monitor.handover.invite(task, address)
        queue.popleft()
        given = offer is not None and self._monitor.handover.give(task, offer.descriptor)
        return 0 if given else None

    def _has_placeholder(self, task: Task) -> bool:
        """Whether the descriptor that a follower is about to map stands for the leader's."""
        number = self._monitor.program_registers(task).r8 & 0xFFFFFFFF
        try:
            return os.readlink(f"/proc/{task.tid}/fd/{number}") == _PLACEHOLDER
        except OSError:
            return True

    # The leader changes a file

    def changed(self, task: Task, descriptor: int, result: int) -> None:
        """The leader has changed the file behind a descriptor, or one by its name (-1)."""
        if descriptor < 0:
            for copy in self._known.values():
                copy.refresh(0, 0)
            return
        try:
            found = self._known.get(file_key(os.stat(f"/proc/{task.tid}/fd/{descriptor}")))
        except OSError:
            return
        if found is None:
            return
        program = self._monitor.program_registers(task)
        number = program.orig_rax & 0xFFFFFFFF
        if number in _AT_POSITION and kernel.signed(program.r10) >= 0:
            found.refresh(program.r10, program.r10 + result)
        elif number in _SEQUENTIAL:
            end = position(task, descriptor)
            found.refresh(max(end - result, 0), end)
        elif number in _SIZES:
            found.refresh(0, 0)
        else:
            found.refresh(0, None)

    # The end

    def _forget_unused(self) -> None:
        """Now and then: forget the copies that no process maps, and none is about to map."""
        if len(self._known) < self._limit:
            return
        inodes: set[FileKey] = set()
        for process in {task.process for task in self._monitor.tasks.values()}:
            inodes |= _mapped_inodes(process)
        for queues in self._offers.values():
            for offer in (offer for queue in queues.values() for offer in queue if offer):
                inodes.add(file_key(os.fstat(offer.descriptor)))
        for key, copy in list(self._known.items()):
            if not copy.is_mapped(inodes):
                del self._known[key]
                copy.close()
        self._limit = max(_KEPT_MIN, 2 * len(self._known))


def file_key(status: os.stat_result) -> FileKey:
    """What tells a file from all others."""
    return status.st_dev, status.st_ino


def _open_memory(task: Task, descriptor: int) -> int:
    """A memfd that a task has open; raises OSError."""
    path = f"/proc/{task.tid}/fd/{descriptor}"
    if not os.readlink(path).startswith("/memfd:"):
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def _memory(size: int) -> int:
    """New memory, filled with zeros: what a shared mapping of /dev/zero is."""
    number = os.memfd_create("mvx-zero", os.MFD_CLOEXEC)
    os.ftruncate(number, min(size, (1 << 63) - 1))
    return number


def _flags(task: Task, descriptor: int) -> int:
    """The flags with which a descriptor was opened."""
    return _information(task, descriptor, b"flags:", 8)


def position(task: Task, descriptor: int) -> int:
    """Where a descriptor stands in its file."""
    return _information(task, descriptor, b"pos:", 10)


def _information(task: Task, descriptor: int, name: bytes, base: int) -> int:
    with open(f"/proc/{task.tid}/fdinfo/{descriptor}", "rb") as lines:
        for line in lines:
            if line.startswith(name):
                return int(line.split()[1], base)
    return 0


def _mapped_inodes(process: int) -> set[FileKey]:
    """The files that a process maps."""
    found = set()
    with contextlib.suppress(OSError), open(f"/proc/{process}/maps", "rb") as lines:
        for line in lines:
            fields = line.split(None, 5)
            if fields[4] != b"0":
                major, minor = fields[3].split(b":")
                found.add((os.makedev(int(major, 16), int(minor, 16)), int(fields[4])))
    return found
