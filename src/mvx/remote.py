"""System calls that the supervisor makes a stopped task execute, one after another, while it waits.

Facts (``ptrace(2)``; tried on Linux 6.18): a task that is resumed with PTRACE_SYSCALL stops at the
entry of its next call and at its exit, and in between at PTRACE_EVENT_SECCOMP where the filter says
so; PTRACE_GET_SYSCALL_INFO (Linux 5.3) tells which stop it is. With orig_rax = -1 the kernel does
not restart the call in which the task was stopped. SIGKILL gets through everywhere.
"""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING, Final

from mvx import kernel
from mvx.kernel import MASK, Registers, TaskGoneError, signed

if TYPE_CHECKING:
    from mvx.tasks import Task

_GET_SYSCALL_INFO: Final = 0x420E
_GETREGSET: Final = 0x4204
_SETREGSET: Final = 0x4205
_XSTATE: Final = 0x202
_XSTATE_MAX: Final = 16384
_ENTRY, _EXIT = 1, 2
_INFO_SIZE: Final = 88


class Remote:
    """A task that is stopped, and stays so for as long as this is used.

    Raises TaskGoneError when the task dies meanwhile, OSError where the kernel refuses a request.
    """

    def __init__(self, task: Task, instruction: int, *, in_call: bool) -> None:
        """`instruction`: address of a `syscall` instruction; `in_call`: the task stands in a stop
        between the entry and the exit of a call (PTRACE_EVENT_SECCOMP).
        """
        self._task = task
        self._tid = task.tid
        self._instruction = instruction
        self.registers = kernel.registers(task.tid)
        """As they were."""
        self._mask = kernel.signal_mask(task.tid)
        kernel.set_signal_mask(task.tid, MASK)
        if in_call:
            harmless = Registers.from_buffer_copy(self.registers)
            harmless.orig_rax = 39
            kernel.set_registers(task.tid, harmless)
            self._to_exit()

    def call(self, number: int, *arguments: int) -> int:
        """Make a call; its result, negative errno for an error."""
        registers = Registers.from_buffer_copy(self.registers)
        registers.rip = self._instruction
        registers.rax = number
        registers.orig_rax = MASK
        padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
        for name, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), padded, strict=True):
            setattr(registers, name, value & MASK)
        kernel.set_registers(self._tid, registers)
        self._to_exit()
        return signed(kernel.registers(self._tid).rax)

    def _to_exit(self) -> None:
        while True:
            kernel.resume(self._tid, to_syscall_exit=True)
            _, status = os.waitpid(self._tid, kernel.WALL)
            if not os.WIFSTOPPED(status):
                self._task.status = status
                raise TaskGoneError(self._tid)
            if status >> 8 == kernel.SYSCALL_STOP and self._operation() == _EXIT:
                return

    def _operation(self) -> int:
        information = ctypes.create_string_buffer(_INFO_SIZE)
        address = ctypes.addressof(information)
        kernel.ptrace(_GET_SYSCALL_INFO, self._tid, _INFO_SIZE, address)
        return information.raw[0]

    def extended_state(self) -> bytes:
        """The registers that user_regs_struct does not have: x87, SSE, AVX and so on."""
        content = ctypes.create_string_buffer(_XSTATE_MAX)
        vector = (ctypes.c_uint64 * 2)(ctypes.addressof(content), _XSTATE_MAX)
        kernel.ptrace(_GETREGSET, self._tid, _XSTATE, ctypes.addressof(vector))
        return content.raw[: vector[1]]

    def set_extended_state(self, state: bytes) -> None:
        """Replace them."""
        content = ctypes.create_string_buffer(state, len(state))
        vector = (ctypes.c_uint64 * 2)(ctypes.addressof(content), len(state))
        kernel.ptrace(_SETREGSET, self._tid, _XSTATE, ctypes.addressof(vector))

    def finish(self, registers: Registers, mask: int | None = None) -> None:
        """Leave the task stopped, to go on with these registers and this signal mask (None: its
        own).
        """
        registers.orig_rax = MASK
        kernel.set_registers(self._tid, registers)
        kernel.set_signal_mask(self._tid, self._mask if mask is None else mask)

    @property
    def mask(self) -> int:
        """The signals that the task had blocked."""
        return self._mask


def hold(task: Task) -> bool:
    """Stop a running task and wait for it; whether it stands inside a call now. Another stop that
    comes first is lost. Raises TaskGoneError.
    """
    kernel.ptrace(kernel.PTRACE_INTERRUPT, task.tid)
    _, status = os.waitpid(task.tid, kernel.WALL)
    if not os.WIFSTOPPED(status):
        task.status = status
        raise TaskGoneError(task.tid)
    return status >> 16 == kernel.EVENT_SECCOMP
