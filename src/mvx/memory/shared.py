"""Transports in which the other process moves its half of the bytes.

The monitor asks, and the other process, which serves in :meth:`Cooperative.serve`, reads its own
memory or writes to it. Over a pipe or a FIFO it sleeps until it is asked; over shared memory both
sides look again and again, and let others run in between (sched_yield). So a pipe pays for a wake
of a sleeper at every transfer, and shared memory only where both want the same CPU.
"""

from __future__ import annotations

import abc
import ctypes
import errno
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Callable
from typing import Final

from mvx.arena import Arena
from mvx.layout import LANE_HEADER_SIZE, LANE_STRIDE, RING_SIZE
from mvx.memory.transport import Transport
from mvx.records import LANE

READ: Final = 1
WRITE: Final = 2
_REQUEST: Final = struct.Struct("<QQQ")
"""What to do (0: end), address, size."""
_PATIENCE_S: Final = 10.0
_LOOKS: Final = 200
"""Looks between two of the clock."""


class Cooperative(Transport):
    """Asks another process, which runs :meth:`serve`; made before the fork that divides them."""

    cooperative = True

    @abc.abstractmethod
    def __init__(self) -> None:
        """Make what both sides need."""

    @abc.abstractmethod
    def serve(self) -> None:
        """Be the other process: answer until the monitor closes the transport."""


def view(address: int, size: int) -> memoryview:
    """This process's own memory at an address."""
    return memoryview((ctypes.c_char * size).from_address(address)).cast("B")


# Pipes


class Pipe(Cooperative):
    """Anonymous pipes, one for each direction and one for requests."""

    name = "pipe"

    def __init__(self) -> None:
        """Make the pipes."""
        self._requests = self._channel("requests")
        self._from = self._channel("from")
        self._to = self._channel("to")

    def _channel(self, name: str) -> tuple[int, int]:
        del name
        return os.pipe()

    def read(self, address: int, size: int) -> bytes:
        """Ask, then read until all has come."""
        os.write(self._requests[1], _REQUEST.pack(READ, address, size))
        content = os.read(self._from[0], size)
        while len(content) < size:
            content += os.read(self._from[0], size - len(content))
        return content

    def write(self, address: int, content: bytes) -> None:
        """Ask, write all, and wait for the word that it has arrived."""
        os.write(self._requests[1], _REQUEST.pack(WRITE, address, len(content)))
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._to[1], rest) :]
        os.read(self._from[0], 1)

    def serve(self) -> None:
        """Answer requests; a writer that is gone ends it."""
        while True:
            kind, address, size = _REQUEST.unpack(os.read(self._requests[0], _REQUEST.size))
            if kind == READ:
                rest = view(address, size)
                while rest:
                    rest = rest[os.write(self._from[1], rest) :]
            elif kind == WRITE:
                rest = view(address, size)
                while rest:
                    rest = rest[os.readv(self._to[0], [rest]) :]
                os.write(self._from[1], b".")
            else:
                return

    def close(self) -> None:
        """Tell the other process to end, and close everything."""
        if self._requests:
            os.write(self._requests[1], _REQUEST.pack(0, 0, 0))
            for descriptor in (*self._requests, *self._from, *self._to):
                os.close(descriptor)
            self._requests = self._from = self._to = ()  # type: ignore[assignment]


class Fifo(Pipe):
    """The same through FIFOs, which have a name: how processes without a common parent do it."""

    name = "FIFO"

    def _channel(self, name: str) -> tuple[int, int]:
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/{name}"
            os.mkfifo(path, 0o600)
            # Opened for reading first and without waiting, or each end would wait for the other.
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            writer = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            os.set_blocking(reader, True)
            return reader, writer


# Shared memory


def look_until(happened: Callable[[], bool]) -> None:
    """Look again and again, letting others run. Raises TimeoutError when it does not happen."""
    looks = 0
    end = 0.0
    while not happened():
        os.sched_yield()
        looks += 1
        if looks % _LOOKS == 0:
            now = time.monotonic()
            end = end or now + _PATIENCE_S
            if now > end:
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


class Segment(Cooperative):
    """A System V shared memory segment: a word that says whose turn it is, a request, and room for
    the bytes.
    """

    name = "SysV memory"
    _ROOM: Final = 1 << 20
    _DATA: Final = 4096
    _CREATE: Final = 0o1000 | 0o600
    _REMOVE: Final = 0

    def __init__(self) -> None:
        """Make the segment; it goes with the last process that has attached it (shmctl(2))."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
        libc.shmdt.argtypes = [ctypes.c_void_p]
        self._detach = libc.shmdt
        size = self._DATA + self._ROOM
        identifier = libc.shmget(0, ctypes.c_size_t(size), self._CREATE)
        self._address = libc.shmat(identifier, None, 0) if identifier >= 0 else None
        number = ctypes.get_errno()
        if identifier >= 0:
            libc.shmctl(identifier, self._REMOVE, None)
        if self._address in (None, ctypes.c_void_p(-1).value):
            raise OSError(number, os.strerror(number))
        self._memory = view(self._address, size)
        self._turn = self._memory[:8].cast("Q")
        """0: the monitor's, 1: the other's."""

    def _ask(self, kind: int, address: int, size: int) -> None:
        _REQUEST.pack_into(self._memory, 8, kind, address, size)
        self._turn[0] = 1

    def _is_answered(self) -> bool:
        return self._turn[0] == 0

    def _is_asked(self) -> bool:
        return self._turn[0] == 1

    def read(self, address: int, size: int) -> bytes:
        """Ask, wait for the bytes, copy them."""
        content = b""
        for start in range(0, size, self._ROOM):
            part = min(size - start, self._ROOM)
            self._ask(READ, address + start, part)
            look_until(self._is_answered)
            piece = self._memory[self._DATA : self._DATA + part]
            content = content + piece if content else bytes(piece)
        return content

    def write(self, address: int, content: bytes) -> None:
        """Copy the bytes, ask, and wait until they have been taken."""
        for start in range(0, len(content), self._ROOM):
            part = min(len(content) - start, self._ROOM)
            piece = memoryview(content)[start : start + part]
            self._memory[self._DATA : self._DATA + part] = piece
            self._ask(WRITE, address + start, part)
            look_until(self._is_answered)

    def serve(self) -> None:
        """Answer requests."""
        while True:
            look_until(self._is_asked)
            kind, address, size = _REQUEST.unpack_from(self._memory, 8)
            if kind == 0:
                return
            own, room = view(address, size), self._memory[self._DATA : self._DATA + size]
            if kind == READ:
                room[:] = own
            else:
                own[:] = room
            self._turn[0] = 0

    def close(self) -> None:
        """Tell the other process to end, and detach."""
        if self._address:
            self._ask(0, 0, 0)
            self._turn.release()
            self._memory.release()
            self._detach(self._address)
            self._address = None


class Lane(Cooperative):
    """mvx's own: one arena per side, which that side alone writes; a ring in it, and one word that
    says how far the other's has been read. What is longer than the ring passes through in pieces.
    """

    name = "lane"
    _PIECE: Final = RING_SIZE // 2
    _HEAD: Final = LANE.offset("head")
    _TAIL: Final = LANE.offset("tail")

    def __init__(self) -> None:
        """Make both arenas."""
        self._arenas = (Arena(0), Arena(1))
        self._rings = [mmap.mmap(arena.writable, LANE_STRIDE) for arena in self._arenas]
        self._sent = self._taken = 0
        self._side = 0

    def _put(self, content: bytes | memoryview) -> None:
        """Publish bytes in this side's ring; waits while it is full."""
        own, other = self._rings[self._side], self._arenas[1 - self._side]
        rest = memoryview(content)
        while rest:
            offset = self._sent % RING_SIZE
            part = min(len(rest), RING_SIZE - offset, self._PIECE)
            room = self._sent + part - RING_SIZE
            look_until(lambda room=room: other.word(0, "tail") >= room)  # type: ignore[misc]
            start = LANE_HEADER_SIZE + offset
            own[start : start + part] = rest[:part]
            self._sent += part
            own[self._HEAD : self._HEAD + 8] = self._sent.to_bytes(8, "little")
            rest = rest[part:]

    def _get(self, size: int) -> bytes:
        """The next bytes of the other side's ring; waits for them."""
        own, other = self._rings[self._side], self._arenas[1 - self._side]
        content = b""
        while len(content) < size:
            part = min(size - len(content), self._PIECE)
            wanted = self._taken + part
            look_until(lambda wanted=wanted: other.word(0, "head") >= wanted)  # type: ignore[misc]
            content += other.ring(0, self._taken, part)
            self._taken = wanted
            own[self._TAIL : self._TAIL + 8] = wanted.to_bytes(8, "little")
        return content

    def read(self, address: int, size: int) -> bytes:
        """Ask, then take what the other publishes."""
        self._put(_REQUEST.pack(READ, address, size))
        return self._get(size)

    def write(self, address: int, content: bytes) -> None:
        """Ask and publish at once, then wait for the word that it has arrived."""
        self._put(_REQUEST.pack(WRITE, address, len(content)))
        self._put(content)
        self._get(1)

    def serve(self) -> None:
        """Answer requests."""
        self._side = 1
        while True:
            kind, address, size = _REQUEST.unpack(self._get(_REQUEST.size))
            if kind == READ:
                self._put(view(address, size))
            elif kind == WRITE:
                own = view(address, size)
                done = 0
                while done < size:
                    part = min(size - done, self._PIECE)
                    own[done : done + part] = self._get(part)
                    done += part
                self._put(b".")
            else:
                return

    def close(self) -> None:
        """Tell the other process to end, and give the memory back."""
        if self._rings:
            self._put(_REQUEST.pack(0, 0, 0))
            for ring in self._rings:
                ring.close()
            self._rings = []
            for arena in self._arenas:
                arena.close()
