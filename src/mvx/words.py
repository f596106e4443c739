"""The last words of a variant that disagreed: what it goes on to write on standard error.

A sanitizer that finds a fault, or a C library that finds its heap broken, says so in several writes
and ends the process. The first of them is the divergence. The variant is let go on alone for a
moment, to say the rest to the report: a write to its standard error is taken from it and counts as
done; what each variant does for itself anyway is done; files are opened for reading, as symbols
are looked up. Everything else gets ENOSYS. When the variant ends itself, and after a second, the
moment is over. Nothing of it leaves the variant, which may have been taken over.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, Final

from mvx import calls, kernel
from mvx.judge import OWN
from mvx.kernel import MASK, Registers
from mvx.layout import DIVERGENCES
from mvx.records import TASK

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

_OTHER_CALL: Final = list(DIVERGENCES).index("CALL")
_LIMIT_S: Final = 1.0
_LIMIT_BYTES: Final = 32 * 1024
_STEP_S: Final = 0.0005
_WRITE: Final = 1
_WRITEV: Final = 20
_OPENS: Final = {2: (0, 1), 257: (1, 2)}
"""open and openat: which arguments hold path and flags."""
_WRITES_OR_MAKES: Final = 0o103
"""O_ACCMODE, O_CREAT."""
_QUERIES: Final = frozenset({0, 3, 4, 5, 6, 8, 17, 21, 39, 89, 96, 186, 228, 262, 267})
"""read, close, stat, fstat, lstat, lseek, pread64, access, getpid, readlink, gettimeofday, gettid,
clock_gettime, newfstatat, readlinkat: a follower's descriptors are placeholders, or its own.
"""
_VECTORS_MAX: Final = 64
_STANDARD_ERROR: Final = 2
_ENDS: Final = frozenset({60, 62, 200, 231, 234})
"""exit, kill, tkill, exit_group, tgkill."""
_ENOSYS: Final = 38
_REFUSALS_MAX: Final = 200


def listen(monitor: Monitor, task: Task) -> bytes:
    """Let a follower that stands at the control gate say what it has to say; return that.

    Blocks for at most a second. The task is stopped, or dead, when this returns.
    """
    if task.is_leader or task.space is None or task.registers is None:
        return b""
    program = monitor.program_registers(task)
    if _written(task, program) is None:
        return b""
    said = bytearray()
    refusals = _REFUSALS_MAX
    end = time.monotonic() + _LIMIT_S
    current: Registers | None = task.registers
    while current is not None and len(said) < _LIMIT_BYTES:
        in_agent = task.space.contains(current.rip)
        if in_agent:
            task.registers = current
            program = monitor.program_registers(task)
        else:
            program = current
        content = _written(task, program)
        if content is not None:
            said += content
            _compare_again(task)
            _answer(task, program, len(content))
        elif program.orig_rax in _ENDS or not refusals:
            break
        elif not in_agent and _may(task, program):
            kernel.resume(task.tid)
        elif in_agent and _may(task, program) and current.rsi == _OTHER_CALL:
            _answer(task, current, OWN)
        else:
            refusals -= 1
            _compare_again(task)
            _answer(task, program, -_ENOSYS & MASK)
        current = _next(task, end)
    return bytes(said[:_LIMIT_BYTES])


def _compare_again(task: Task) -> None:
    """Put a follower's agent back before the message on which it disagreed: the next call then
    disagrees as well, and comes here, instead of waiting for the leader.
    """
    assert task.space is not None
    memory, place = task.space.memory, task.slot_address
    memory.write(place + TASK.offset("position"), memory.read(place + TASK.offset("message"), 8))


def _answer(task: Task, program: Registers, result: int) -> None:
    """Let a task go on after its call, with a result."""
    answered = Registers.from_buffer_copy(program)
    kernel.go_on(task.tid, answered, result)


def _next(task: Task, end: float) -> Registers | None:
    """The registers at the task's next call, None when it ends, faults, or takes too long."""
    while time.monotonic() < end:
        tid, status = os.waitpid(task.tid, kernel.WALL | os.WNOHANG)
        if tid == 0:
            time.sleep(_STEP_S)
        elif not os.WIFSTOPPED(status):
            task.status = status
            raise kernel.TaskGoneError(task.tid)
        elif status >> 16 == kernel.EVENT_SECCOMP:
            return kernel.registers(task.tid)
        elif status >> 16 == kernel.EVENT_STOP:
            kernel.resume(task.tid)  # another part of the supervisor had asked for it
        else:
            return None
    kernel.ptrace(kernel.PTRACE_INTERRUPT, task.tid)
    return None


def _written(task: Task, current: Registers) -> bytes | None:
    """What a call writes on standard error; None for another call."""
    assert task.space is not None
    memory = task.space.memory
    if current.rdi != _STANDARD_ERROR:
        return None
    if current.orig_rax == _WRITE:
        return memory.readable(current.rsi, min(current.rdx, _LIMIT_BYTES))
    if current.orig_rax == _WRITEV:
        table = memory.readable(current.rsi, 16 * min(current.rdx, _VECTORS_MAX))
        return b"".join(
            memory.readable(_word(table, at), min(_word(table, at + 8), _LIMIT_BYTES))
            for at in range(0, len(table) - 15, 16)
        )
    return None


def _word(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 8], "little")


def _may(task: Task, current: Registers) -> bool:
    """Whether a call outside the agent may be made: nobody else can see it."""
    number = current.orig_rax
    if number in _OPENS:
        path, flags = (_arguments(current)[index] for index in _OPENS[number])
        return not flags & _WRITES_OR_MAKES and _is_plain(task, path)
    return number in _QUERIES or number in calls.LOCAL


def _arguments(current: Registers) -> tuple[int, ...]:
    return tuple(int(getattr(current, name)) for name in ("rdi", "rsi", "rdx"))


def _is_plain(task: Task, address: int) -> bool:
    """Whether a path names a regular file: opening another may do something."""
    assert task.space is not None
    path = os.fsdecode(task.space.memory.readable(address, 4096).partition(b"\0")[0])
    if path.startswith("/proc/self/"):
        return os.path.basename(path) in {"maps", "exe"}
    try:
        return path.startswith("/") and stat.S_ISREG(
            os.stat(f"/proc/{task.tid}/root{path}").st_mode
        )
    except OSError:
        return True  # and the kernel will say so
