"""Descriptors for agents: handed out over a socket, as the arenas are.

This works in every namespace, under every identity and root directory that a program has taken on.
An agent asks twice at the control gate: first for the socket's address, then, connected, for the
descriptor, which is sent before the agent goes on to receive it.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
import struct
from typing import Final

from mvx import listening
from mvx.kernel import Registers
from mvx.tasks import Task

_SOCKET: Final = 41
_CONNECT: Final = 42
_RECVMSG: Final = 47
_ADDRESS_MAX: Final = 128


class Handover:
    """The socket, once somebody needs it."""

    def __init__(self) -> None:
        """Nobody asks yet."""
        self._socket: socket.socket | None = None
        self._address = b""
        self._elsewhere: dict[int, socket.socket] = {}
        """Sockets in other network namespaces, by the process that was invited."""
        self._connected: dict[int, socket.socket] = {}

    def close(self) -> None:
        """Stop handing out."""
        for connection in (*self._connected.values(), *self._elsewhere.values()):
            connection.close()
        if self._socket is not None:
            self._socket.close()

    def invite(self, task: Task, address: int) -> int:
        """Write the socket's address, at which nobody else can guess it, into a stopped task's
        memory, and return its size.
        """
        if self._socket is None:
            self._address = listening.new_address()
            self._socket = listening.listen(self._address)
        if task.is_leader and listening.is_elsewhere(task.tid):
            listener = listening.listen_elsewhere(task.tid, self._address)
            self._elsewhere[task.process] = listener
        content = struct.pack("<H", socket.AF_UNIX) + self._address
        assert task.space is not None
        task.space.memory.write(address, content)
        task.fetches = True
        return len(content)

    def give(self, task: Task, descriptor: int) -> bool:
        """Send a descriptor to a task that has connected; it is closed here. False if the task has
        not connected.
        """
        connection = self._accept(task)
        if connection is not None:
            rights = array.array("i", [descriptor]).tobytes()
            with connection:
                connection.sendmsg([b"d"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        os.close(descriptor)
        return connection is not None

    def _accept(self, task: Task) -> socket.socket | None:
        """The connection that a task's process has made; others' are kept for when they ask."""
        listener = self._elsewhere.pop(task.process, None)
        if listener is not None:
            with listener, contextlib.suppress(BlockingIOError):
                return listener.accept()[0]
        with contextlib.suppress(BlockingIOError):
            while self._socket is not None:
                connection, _ = self._socket.accept()
                credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                self._connected[struct.unpack("<i", credentials[:4])[0]] = connection
        return self._connected.pop(task.process, None)

    def is_step(self, task: Task, current: Registers) -> bool:
        """Whether a call at a gate is a step of fetching a descriptor: it concerns nobody else."""
        if not task.fetches or current.orig_rax not in (_SOCKET, _CONNECT, _RECVMSG):
            return False
        if current.orig_rax == _RECVMSG:
            task.fetches = False
        if current.orig_rax == _CONNECT:
            assert task.space is not None
            size = min(current.rdx, _ADDRESS_MAX)
            expected = struct.pack("<H", socket.AF_UNIX) + self._address
            return task.space.memory.readable(current.rsi, size) == expected
        return True
