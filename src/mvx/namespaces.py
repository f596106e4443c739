"""PID namespaces: how a follower's processes come to have the leader's numbers.

A stand-in parent leaves for a new PID namespace (and, without privilege, a new user namespace in
which it may do that): its first child is the namespace's init, which only waits; its second is the
follower's first process, created by clone3 with ``set_tid`` equal to the leader's number (Linux
5.5; CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN over the namespace). All later processes of the
follower are created in the same way and, by CLONE_PARENT, become children of the stand-in, which
ignores SIGCHLD and so never leaves a zombie behind, whose number would be taken. When the
supervisor dies, the stand-in dies; when it dies, init dies, and with it the kernel ends everything
in the namespace.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from mvx import kernel

_CLONE3: Final = 435
_UNSHARE: Final = 272
_CAPGET: Final = 125
_CAPSET: Final = 126
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWPID: Final = 0x20000000
_CLONE_PARENT: Final = 0x8000
_PR_SET_PDEATHSIG: Final = 1
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_CHECKPOINT_RESTORE: Final = 40
_CAPABILITY_VERSION: Final = 0x20080522
_ARGUMENTS: Final = struct.Struct("<11Q")


def start(number: int, first: Callable[[], NoReturn]) -> tuple[int, int]:
    """Start a process with that number in a new PID namespace; it runs `first`.

    Returns the stand-in parent's id and the process's, both as the caller's namespace counts.
    Raises OSError with the kernel's word where the machine does not allow it.
    """
    read, write = os.pipe2(os.O_CLOEXEC)
    supervisor = os.getpid()
    parent = os.fork()
    if parent == 0:
        os.close(read)
        _stand_in(supervisor, number, first, write)
    os.close(write)
    answer = os.read(read, 4)
    os.close(read)
    result = struct.unpack("<i", answer)[0] if len(answer) == 4 else -1
    if result <= 0:
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        raise OSError(-result, os.strerror(-result))
    return parent, result


def _stand_in(supervisor: int, number: int, first: Callable[[], NoReturn], write: int) -> NoReturn:
    result = -1
    life_read = life_write = -1
    try:
        kernel.control_process(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(125)  # it died before the line above
        life_read, life_write = os.pipe2(os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        _enter_namespace()
        if os.fork() == 0:
            _init(life_read)
        result = _clone_with_number(number)
        if result == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(write)
            _keep_right()
            first()
    except OSError as error:
        result = -(error.errno or 1)
    finally:
        try:
            os.write(write, struct.pack("<i", result))
            os.closerange(0, life_write)
            os.closerange(life_write + 1, 65536)
        finally:
            while result > 0:
                signal.pause()
            os._exit(125)


def _enter_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    flags = _CLONE_NEWPID
    result = kernel.system_call(_UNSHARE, flags)
    if result == -1:  # EPERM: not privileged
        flags |= _CLONE_NEWUSER
        result = kernel.system_call(_UNSHARE, flags)
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    if flags & _CLONE_NEWUSER:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _init(life: int) -> NoReturn:
    """The namespace's init: when it goes, everything in the namespace goes.

    It goes when the stand-in does: the pipe then has no writer any more. (A parent-death signal
    alone would be lost when the stand-in dies before this process has asked for it.)
    """
    os.closerange(0, life)
    os.closerange(life + 1, 65536)
    signal.pthread_sigmask(signal.SIG_SETMASK, set(signal.valid_signals()))
    os.read(life, 1)
    os._exit(0)


def _clone_with_number(number: int) -> int:
    """fork(2) with a chosen number; the parent's result is the child's id in its own namespace."""
    chosen = (ctypes.c_int32 * 1)(number)
    arguments = ctypes.create_string_buffer(
        _ARGUMENTS.pack(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(chosen), 1, 0)
    )
    return kernel.system_call(_CLONE3, ctypes.addressof(arguments), _ARGUMENTS.size)


def _keep_right() -> None:
    """Keep the right to choose numbers over exec, also for an ordinary user (ambient capability,
    capabilities(7)).
    """
    header = ctypes.create_string_buffer(struct.pack("<Ii", _CAPABILITY_VERSION, 0))
    sets = ctypes.create_string_buffer(24)
    address = ctypes.addressof(header), ctypes.addressof(sets)
    if kernel.system_call(_CAPGET, *address) < 0:
        return
    words = list(struct.unpack("<6I", sets.raw[:24]))
    high, bit = 3, 1 << (_CAP_CHECKPOINT_RESTORE - 32)
    words[high + 2] |= bit
    sets.raw = struct.pack("<6I", *words)
    if kernel.system_call(_CAPSET, *address) >= 0:
        kernel.control_process(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_CHECKPOINT_RESTORE)
