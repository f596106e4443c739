"""Children in which something is tried: a time limit, an answer, and nothing left of them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import select
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ATTEMPT_LIMIT_S = 10.0
NUMBERS = {
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "ptrace": 101,
    "getppid": 110,
    "prctl": 157,
    "arch_prctl": 158,
    "mount": 165,
    "unshare": 272,
    "process_vm_writev": 311,
    "seccomp": 317,
    "clone3": 435,
    "pidfd_getfd": 438,
    "mseal": 462,
}
PTRACE_GETREGSET, PTRACE_SETREGSET, PTRACE_SEIZE = 0x4204, 0x4205, 0x4206
PTRACE_O_TRACESECCOMP, PTRACE_O_EXITKILL = 0x80, 0x100000
NT_PRSTATUS = 1
REGISTERS = 27  # words in struct user_regs_struct
PR_SET_PDEATHSIG = 1

libc = ctypes.PyDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def in_child(run: Callable[[], str], limit_s: float = ATTEMPT_LIMIT_S) -> str:
    """Call a function in a forked child and return its answer, or raise its OSError."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer_and_exit(run, writer)
    os.close(writer)
    try:
        if not select.select([reader], [], [], limit_s)[0]:
            raise TimeoutError(errno.ETIMEDOUT, f"no answer within {limit_s:g} s")
        text = os.read(reader, select.PIPE_BUF)  # an answer is one write
    finally:
        os.close(reader)
        for kill in (os.killpg, os.kill):  # the group exists once the child has made it
            with contextlib.suppress(ProcessLookupError):
                kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    if not text:
        signaled = os.WIFSIGNALED(status)
        how = f"ended by signal {os.WTERMSIG(status)}" if signaled else "ended without an answer"
        raise ChildProcessError(errno.ECHILD, how)
    works, number, answer, step = json.loads(text)
    if not works:
        raise OSError(number, answer, step)
    return str(answer)


def answer_and_exit(run: Callable[[], str], writer: int) -> NoReturn:
    """Be the child of `in_child`: never return into the parent's code."""
    try:
        os.setsid()
        call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
        try:
            answer: tuple[object, ...] = (True, 0, run(), None)
        except OSError as error:
            answer = (False, error.errno, error.strerror or str(error), error.filename)
        os.write(writer, json.dumps(answer).encode())
    finally:
        os._exit(0)


def call(name: str, *arguments: int) -> int:
    """Make a system call; raise OSError with the call's name where a file's name would stand."""
    words = (ctypes.c_ulong(argument & (1 << 64) - 1) for argument in arguments)
    result = libc.syscall(ctypes.c_long(NUMBERS[name]), *words)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return int(result)


def fail(step: str, why: str) -> NoReturn:
    """Raise the error of a call that returned as if it worked, and did not."""
    raise OSError(errno.EINVAL, why, step)


@contextlib.contextmanager
def traced(body: Callable[[], int]) -> Iterator[int]:
    """Yield a child that is traced before it runs `body`; it exits with an errno, or 0."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.read(reader, 1)
            os._exit(body())
        except OSError as error:
            os._exit(error.errno or errno.EINVAL)
        finally:
            os._exit(errno.EINVAL)
    try:
        call("ptrace", PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP)
        os.write(writer, b".")
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it may have ended
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def sleep_forever() -> int:
    """Be a child that waits to be looked at."""
    while True:
        signal.pause()


def registers(child: int, change: dict[int, int]) -> None:
    """Read a stopped child's registers and write them back changed."""
    values = (ctypes.c_ulong * REGISTERS)()
    vector = (ctypes.c_ulong * 2)(ctypes.addressof(values), ctypes.sizeof(values))
    call("ptrace", PTRACE_GETREGSET, child, NT_PRSTATUS, ctypes.addressof(vector))
    for place, value in change.items():
        values[place] = value & (1 << 64) - 1
    call("ptrace", PTRACE_SETREGSET, child, NT_PRSTATUS, ctypes.addressof(vector))


def code_page() -> int:
    """Map a page like a program's code, readable and executable, and return its address."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    return call("mmap", 0, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC, flags, -1, 0)
