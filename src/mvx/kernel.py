"""The kernel calls that the supervisor makes on its variants: ptrace, registers.

Facts: ``ptrace(2)``; the registers are ``struct user_regs_struct`` of <sys/user.h>. Memory is
:mod:`mvx.memory`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import signal
import struct
import time
from typing import Final

from mvx.errors import KernelLacks
from mvx.layout import FRAME_REGISTERS

_libc: Final = ctypes.CDLL(None, use_errno=True)
_ptrace: Final = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

PTRACE_PEEKUSER: Final = 3
PTRACE_POKEUSER: Final = 6
PTRACE_CONT: Final = 7
PTRACE_KILL: Final = 8
PTRACE_SINGLESTEP: Final = 9
PTRACE_GETREGS: Final = 12
PTRACE_SETREGS: Final = 13
PTRACE_GETFPREGS: Final = 14
PTRACE_SYSCALL: Final = 24
PTRACE_GETEVENTMSG: Final = 0x4201
PTRACE_GETSIGINFO: Final = 0x4202
PTRACE_SETSIGINFO: Final = 0x4203
PTRACE_SEIZE: Final = 0x4206
PTRACE_INTERRUPT: Final = 0x4207
PTRACE_LISTEN: Final = 0x4208
PTRACE_PEEKSIGINFO: Final = 0x4209
PTRACE_GETSIGMASK: Final = 0x420A
PTRACE_SETSIGMASK: Final = 0x420B

OPTION_SYSGOOD: Final = 1
OPTION_FORK: Final = 2
OPTION_VFORK: Final = 4
OPTION_CLONE: Final = 8
OPTION_EXEC: Final = 16
OPTION_SECCOMP: Final = 128
OPTION_EXITKILL: Final = 0x100000

EVENT_FORK: Final = 1
EVENT_VFORK: Final = 2
EVENT_CLONE: Final = 3
EVENT_EXEC: Final = 4
EVENT_SECCOMP: Final = 7
EVENT_STOP: Final = 128

_SIGPENDING: Final = 11
"""RLIMIT_SIGPENDING in asm-generic/resource.h."""
WALL: Final = 0x40000000
SIGINFO_SIZE: Final = 128
SYSCALL_STOP: Final = signal.SIGTRAP | 0x80
SECCOMP_STOP: Final = EVENT_SECCOMP << 8 | signal.SIGTRAP

SI_TKILL: Final = -6
SI_TIMER: Final = -2
TRAP_HWBKPT: Final = 4
TRAP_PERF: Final = 6
SI_KERNEL: Final = 0x80
FIRST_REALTIME: Final = 32
"""Signals from here on queue; glibc keeps 32 and 33 for itself."""

ERESTARTSYS: Final = 512
ERESTARTNOINTR: Final = 513
ERESTARTNOHAND: Final = 514
ERESTART_RESTARTBLOCK: Final = 516
RESTART_CODES: Final = frozenset(
    {ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK}
)
MASK: Final = (1 << 64) - 1

REGISTER_NAMES: Final = (*FRAME_REGISTERS, "fs_base", "gs_base", "ds", "es", "fs", "gs")
_RSP_OFFSET: Final = 8 * REGISTER_NAMES.index("rsp")
FRAME_SIZE: Final = 8 * len(FRAME_REGISTERS)


class Registers(ctypes.Structure):
    """``struct user_regs_struct``: the general registers of a stopped task."""

    _fields_ = [(name, ctypes.c_uint64) for name in REGISTER_NAMES]


class TaskGoneError(Exception):
    """The task died while the supervisor was working on it (SIGKILL can do that at any time)."""


def ptrace(request: int, tid: int, address: int = 0, data: int = 0) -> int:
    """Make one ptrace request; raises :class:`TaskGoneError` for a task that is dead or not
    stopped.
    """
    result: int = _ptrace(request, tid, address, data)
    if result == -1:
        number = ctypes.get_errno()
        if number == 3:  # ESRCH
            raise TaskGoneError(tid)
        raise OSError(number, f"ptrace request {request:#x} on task {tid}: {os.strerror(number)}")
    return result


def seize(tid: int) -> None:
    """Attach to a task and all that it will create; when the supervisor dies, they die."""
    options = (
        OPTION_SYSGOOD
        | OPTION_FORK
        | OPTION_VFORK
        | OPTION_CLONE
        | OPTION_EXEC
        | OPTION_SECCOMP
        | OPTION_EXITKILL
    )
    ptrace(PTRACE_SEIZE, tid, 0, options)


def stack_pointer(tid: int) -> int:
    """The stack pointer of a stopped task."""
    return int(_ptrace(PTRACE_PEEKUSER, tid, _RSP_OFFSET, 0)) & MASK


def registers(tid: int) -> Registers:
    """The registers of a stopped task."""
    content = Registers()
    ptrace(PTRACE_GETREGS, tid, 0, ctypes.addressof(content))
    return content


def set_registers(tid: int, content: Registers) -> None:
    """Write the registers of a stopped task."""
    ptrace(PTRACE_SETREGS, tid, 0, ctypes.addressof(content))


def vector_registers(tid: int) -> bytes:
    """``struct user_fpregs_struct`` of a stopped task, 512 bytes."""
    content = ctypes.create_string_buffer(512)
    ptrace(PTRACE_GETFPREGS, tid, 0, ctypes.addressof(content))
    return content.raw


def event_message(tid: int) -> int:
    """The message of a ptrace event: a new task's id, the filter's data, the former id of a task
    that executed.
    """
    message = ctypes.c_ulong()
    ptrace(PTRACE_GETEVENTMSG, tid, 0, ctypes.addressof(message))
    return message.value


def signal_information(tid: int) -> bytes:
    """The siginfo of a task in signal-delivery-stop (128 bytes)."""
    content = ctypes.create_string_buffer(SIGINFO_SIZE)
    ptrace(PTRACE_GETSIGINFO, tid, 0, ctypes.addressof(content))
    return content.raw


def set_signal_information(tid: int, content: bytes) -> None:
    """Replace the siginfo of the signal about to be delivered."""
    buffer = ctypes.create_string_buffer(content, SIGINFO_SIZE)
    ptrace(PTRACE_SETSIGINFO, tid, 0, ctypes.addressof(buffer))


def queued_signals(tid: int, *, of_process: bool = False) -> list[bytes]:
    """The siginfo of the first signals (at most 64) that wait for a stopped thread itself, or for
    any thread of its process.
    """
    content = ctypes.create_string_buffer(64 * SIGINFO_SIZE)
    asked = ctypes.create_string_buffer(struct.pack("<QIi", 0, int(of_process), 64))
    count = ptrace(PTRACE_PEEKSIGINFO, tid, ctypes.addressof(asked), ctypes.addressof(content))
    return [
        content.raw[start : start + SIGINFO_SIZE]
        for start in range(0, count * SIGINFO_SIZE, SIGINFO_SIZE)
    ]


def signal_mask(tid: int) -> int:
    """The blocked signals of a stopped task, bit 0 for signal 1."""
    content = ctypes.c_uint64()
    ptrace(PTRACE_GETSIGMASK, tid, 8, ctypes.addressof(content))
    return content.value


def set_signal_mask(tid: int, mask: int) -> None:
    """Replace the blocked signals of a stopped task."""
    content = ctypes.c_uint64(mask)
    ptrace(PTRACE_SETSIGMASK, tid, 8, ctypes.addressof(content))


def resume(tid: int, number: int = 0, *, to_syscall_exit: bool = False) -> None:
    """Let a stopped task run, delivering signal `number` (0: none)."""
    ptrace(PTRACE_SYSCALL if to_syscall_exit else PTRACE_CONT, tid, 0, number)


def go_on(tid: int, content: Registers, result: int | None = None) -> None:
    """Let a stopped task run on with these registers, without the call before which it stands;
    `result` is what the program takes for that call's.
    """
    if result is not None:
        content.rax = result & MASK
    content.orig_rax = MASK
    set_registers(tid, content)
    resume(tid)


def executed(tid: int) -> str:
    """The file that a task executes; empty if it is gone."""
    try:
        return os.readlink(f"/proc/{tid}/exe")
    except OSError:
        return ""


def interrupt(tid: int) -> None:
    """Ask a running task to stop (PTRACE_INTERRUPT); one that is gone is no error."""
    with contextlib.suppress(TaskGoneError):
        ptrace(PTRACE_INTERRUPT, tid)


def step(tid: int, number: int = 0) -> None:
    """Let a stopped task execute one instruction, or enter the handler of signal `number`."""
    ptrace(PTRACE_SINGLESTEP, tid, 0, number)


def send_signal(pid: int, tid: int, number: int) -> None:
    """tgkill(2); a task that is gone is no error.

    A real-time signal needs a place in the queue of the task's user (RLIMIT_SIGPENDING): where the
    program's limit leaves none, it gets one if the caller may do that; else KernelLacks is raised.
    """
    if _libc.syscall(234, pid, tid, number) == -1 and ctypes.get_errno() == errno.EAGAIN:
        limits = resource.prlimit(pid, _SIGPENDING)
        most = resource.RLIM_INFINITY
        with contextlib.suppress(PermissionError):
            resource.prlimit(pid, _SIGPENDING, (most, most))
        failed = _libc.syscall(234, pid, tid, number) == -1
        resource.prlimit(pid, _SIGPENDING, limits)
        if failed:
            message = f"process {pid} has no place for signal {number} (RLIMIT_SIGPENDING)"
            raise KernelLacks(message, fix="raise the limit: ulimit -i, prlimit --sigpending")


def processor_time_ns(pid: int, tid: int) -> int:
    """How long a thread has run on a processor, in nanoseconds; exact for a stopped one
    (/proc/PID/task/TID/schedstat; CONFIG_SCHED_INFO, which every distribution sets).
    """
    try:
        with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as content:
            return int(content.read().split()[0])
    except (FileNotFoundError, ProcessLookupError) as error:
        raise TaskGoneError(tid) from error


def process_time_ns(pid: int) -> int:
    """How long all threads that a process has or had have run on processors, in nanoseconds; 0 for
    one that is gone (CPUCLOCK_SCHED of include/linux/posix-timers.h).
    """
    try:
        return time.clock_gettime_ns(~pid << 3 | 2)
    except OSError:
        return 0


def is_dead(tid: int) -> bool:
    """Whether a task has been killed, and may have no memory any more (proc(5): its state)."""
    try:
        with open(f"/proc/{tid}/stat", "rb") as content:
            return content.read().rpartition(b") ")[2][:1] in b"ZXx"
    except (FileNotFoundError, ProcessLookupError):
        return True


def system_call(number: int, *arguments: int) -> int:
    """A raw system call of the supervisor's own: its result, or -errno."""
    _libc.syscall.restype = ctypes.c_long
    result: int = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in arguments))
    return -ctypes.get_errno() if result == -1 else result


def control_process(option: int, *arguments: int) -> int:
    """prctl(2): its result, or -errno."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    result: int = _libc.prctl(option, *(ctypes.c_ulong(a) for a in padded))
    return -ctypes.get_errno() if result == -1 else result


def signed(value: int) -> int:
    """A register's content as a signed number (results: negative errno)."""
    return value - (1 << 64) if value >> 63 else value
