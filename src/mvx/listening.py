"""Sockets at which agents ask for descriptors.

Their addresses are abstract, so that they can be reached from every root directory, and by every
identity. But such an address belongs to a network namespace (unix(7)): for a process that is in
another one than mvx, a helper goes there and opens a socket, which is closed after its use, since
it would keep the namespace alive.
"""

from __future__ import annotations

import os
import socket
from typing import Final, NoReturn

from mvx import kernel

_SETNS: Final = 308
_WAITING_MAX: Final = 64


def new_address() -> bytes:
    """An abstract address that nobody can guess."""
    return b"\0mvx-" + os.urandom(16)


def listen(address: bytes) -> socket.socket:
    """A socket that listens in mvx's own network namespace, and never blocks."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(address)
    listener.listen(_WAITING_MAX)
    listener.setblocking(False)
    return listener


def is_elsewhere(tid: int) -> bool:
    """Whether a task is in another network namespace than mvx."""
    try:
        return os.stat(f"/proc/{tid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino
    except OSError:
        return False


def listen_elsewhere(tid: int, address: bytes) -> socket.socket:
    """The same in the network namespace of a task; raises OSError where it cannot be entered."""
    ours, theirs = socket.socketpair()
    with ours:
        helper = os.fork()
        if helper == 0:
            _help(tid, address, theirs)
        theirs.close()
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        os.waitpid(helper, 0)
    if not descriptors:
        message = f"the network namespace of process {tid} cannot be entered"
        raise OSError(message)
    listener = socket.socket(fileno=descriptors[0])
    listener.setblocking(False)
    return listener


def _help(tid: int, address: bytes, answer: socket.socket) -> NoReturn:
    try:
        # A user may enter the namespaces that belong to a user namespace of his own by that one;
        # EINVAL says that this process is in it already.
        for kind in ("user", "net"):
            namespace = os.open(f"/proc/{tid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
            result = kernel.system_call(_SETNS, namespace, 0)
        if not result:
            with listen(address) as listener:
                socket.send_fds(answer, [b"s"], [listener.fileno()])
    finally:
        os._exit(0)
