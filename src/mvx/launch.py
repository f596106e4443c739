"""The start of a variant: fork, attach, filter, exec.

The child waits on a pipe until the supervisor has attached; then it becomes what the program will
find: a follower leaves the terminal's session and replaces what it inherited by placeholders, so
that only the leader touches the outside.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import struct
from typing import NamedTuple, NoReturn

from mvx import descriptors, errors, kernel, namespaces, seccomp
from mvx.options import Options


class Started(NamedTuple):
    """A variant's first process: its id, the descriptor on which it writes errno if it cannot
    execute the program (closed
    without a byte when it can), and its stand-in parent, 0 if it has none.
    """

    pid: int
    error: int
    parent: int


def start(
    options: Options, variant: int, filter_content: bytes, *, privileged: bool, number: int = 0
) -> Started:
    """Start a variant's first process and attach to it.

    With `number`, the process lives in a new PID namespace under that number. Raises
    :class:`NamespaceError` where that cannot be had, :class:`errors.KernelLacks` where the process
    cannot be traced.
    """
    go_read, go_write = os.pipe2(os.O_CLOEXEC)
    error_read, error_write = os.pipe2(os.O_CLOEXEC)
    own = {go_read, go_write, error_read, error_write}

    def first() -> NoReturn:
        try:
            os.close(go_write)
            os.read(go_read, 1)
            _become(options, variant, filter_content, own, privileged=privileged)
        except OSError as error:
            os.write(error_write, struct.pack("<i", error.errno or 0))
        except BaseException:  # noqa: BLE001 - the child must never return into the supervisor
            os.write(error_write, struct.pack("<i", 0))
        os._exit(errors.MvxError.exit_code)

    try:
        parent, pid = namespaces.start(number, first) if number else (0, os.fork())
    except OSError:
        for descriptor in own:
            os.close(descriptor)
        raise
    if pid == 0:
        first()
    os.close(go_read)
    os.close(error_write)
    try:
        kernel.seize(pid)
    except OSError as error:
        os.kill(pid, signal.SIGKILL)
        message = f"cannot trace the program: {error.strerror}"
        raise errors.KernelLacks(message) from error
    os.write(go_write, b"g")
    os.close(go_write)
    return Started(pid, error_read, parent)


def _become(
    options: Options, variant: int, filter_content: bytes, own: set[int], *, privileged: bool
) -> NoReturn:
    if variant > 0:
        os.setsid()
        _replace_descriptors(own)
    descriptors.give_back()
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    seccomp.install(filter_content, privileged=privileged)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execve(options.program, options.arguments, dict(os.environ))


def _replace_descriptors(own: set[int]) -> None:
    """Give a follower its own read-only open of each regular file or directory, and a placeholder
    for the rest.
    """
    for number in sorted(int(name) for name in os.listdir("/proc/self/fd")):
        if number in own:
            continue
        try:
            if not os.get_inheritable(number):
                continue
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        replacement = -1
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            try:
                replacement = os.open(f"/proc/self/fd/{number}", os.O_RDONLY)
            except OSError:
                replacement = -1
        if replacement < 0:
            replacement = ctypes.CDLL(None).eventfd(0, 0)
        os.dup2(replacement, number)
        os.close(replacement)


def has_capability(number: int) -> bool:
    """Whether mvx has a capability (capabilities(7)) in its user namespace."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False
