"""What one variant's task shows when it stands still: registers, call, stack, in words its state.

A task that is inside the agent has the program's registers in the frame at the top of its slot.
Everything here may fail, at any time, and everything that is read may have been chosen by an
attacker: what cannot be known is left out.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mvx import compared, kernel
from mvx.compared import Compared
from mvx.divergence import Frame
from mvx.faults import handling
from mvx.kernel import MASK, Registers, TaskGoneError
from mvx.layout import ARENAS_OFFSET, FRAME_REGISTERS, NUMBER_ORDER, NUMBER_RDTSC
from mvx.records import TASK
from mvx.specification import text
from mvx.symbols import Modules
from mvx.tasks import State, Task

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.symbols import Images

_STOP_WAIT_S: Final = 1.0
_ANOTHER_STACK: Final = 1 << 24
DYING: Final = "about to be killed by"
FAILED: Final = (TaskGoneError, OSError, ValueError, OverflowError, AssertionError, struct.error)
"""What reading from a task may raise."""


def wait_stopped(tasks: Iterable[Task]) -> None:
    """Wait until tasks that were interrupted stand still, at most a second."""
    running = [task for task in tasks if task.state is not State.ENDED and not _is_stopped(task)]
    deadline = time.monotonic() + _STOP_WAIT_S
    while running and time.monotonic() < deadline:
        time.sleep(0.0005)
        running = [task for task in running if not _has_stopped(task)]


def _is_stopped(task: Task) -> bool:
    try:
        kernel.registers(task.tid)
    except FAILED:
        return False
    return True


def _has_stopped(task: Task) -> bool:
    """Look for a task's next stop or end without waiting."""
    try:
        tid, status = os.waitpid(task.tid, kernel.WALL | os.WNOHANG)
    except OSError:
        return True
    if tid == 0:
        return False
    if not os.WIFSTOPPED(status):
        task.status = status
        task.state = State.ENDED
    return True


class Witness:
    """One variant at the divergence. `task` is None where the variant has no task in the set."""

    def __init__(self, monitor: Monitor, variant: int, task: Task | None) -> None:
        """Read what there is."""
        self.variant = variant
        self.task = task
        self.registers: Registers | None = None
        """The program's registers; None where they are not known."""
        self.at_call = False
        """Whether the task is in a call that is compared."""
        self.position = -1
        """Where in the leader's lane the message of the task's current or last call starts."""
        self.number = -1
        """The call that the task is in, -1 if it is in none."""
        self.signal = ""
        """The signal that it died of, or is about to die of."""
        self.handler = ""
        """The signal whose handler the task is in."""
        self.read: compared.Read = lambda _address, _size: None
        self.modules = Modules(())
        if task is None:
            return
        number = task.fatal if task.state is State.FATAL else 0
        if task.state is State.ENDED and task.status is not None and os.WIFSIGNALED(task.status):
            number = os.WTERMSIG(task.status)
        self.signal = text.signal_name(number) if number else ""
        if task.state is not State.ENDED:
            with suppress(*FAILED):
                self._look(monitor, task)
                self.handler = self._handler(task)

    def _handler(self, task: Task) -> str:
        """The innermost handler that was not left by a jump: one below its caller on the stack, or
        on another stack.
        """
        if self.registers is None:
            return ""
        here = self.registers.rsp
        for number, caller in reversed(handling(task)):
            if here < caller or here - caller > _ANOTHER_STACK:
                return text.signal_name(number)
        return ""

    @property
    def role(self) -> str:
        """Leader or follower."""
        return "follower" if self.variant else "leader"

    @property
    def label(self) -> str:
        """How the report names the variant: "follower 1"."""
        return f"{self.role} {self.variant}"

    def _look(self, monitor: Monitor, task: Task) -> None:
        space = task.space
        entered = -1
        if space is not None:
            self.read = compared.reader(space.memory)
            own = self.read(task.slot_address, TASK.size)
            if own is not None and len(own) == TASK.size:
                fields = TASK.unpack(own)
                self.position = fields["message"]
                entered = fields["number"]
        current = kernel.registers(task.tid)
        self.registers = current
        if space is None or not space.contains(current.rip):
            in_call = current.orig_rax < MASK >> 1
            self.number = current.orig_rax if in_call else -1
            return
        lane = monitor.arenas.arenas[self.variant]
        if current.rip == space.base + monitor.image.offsets["enter_call"]:
            self.number = current.rax
            current.rip = current.rcx
            return
        self.registers = None
        task.registers = current
        self.registers = monitor.program_registers(task)
        number = self.registers.orig_rax
        self.number = NUMBER_RDTSC if number == MASK else number
        if entered == NUMBER_ORDER:
            self.number = entered
        self.at_call = number == MASK or lane.word(task.set.lane, "number") != 0

    def made(self) -> Compared | None:
        """The call that the task is in, from its memory."""
        if self.registers is None or self.number < 0:
            return None
        names = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
        arguments = tuple(getattr(self.registers, name) for name in names)
        return compared.from_memory(self.number, arguments, self.read)

    def stack(self, images: Images) -> tuple[Frame, ...]:
        """The stack of the program, innermost first; empty where it cannot be known."""
        from mvx import unwind

        task = self.task
        if task is None or self.registers is None:
            return ()
        base = task.variant.base
        agent = (base, base + ARENAS_OFFSET, "[mvx agent]")
        self.modules = Modules.of_process(
            task.tid, memory=self._memory, names=[agent], images=images
        )
        return unwind.stack(self._memory, self.known_registers(), self.modules)[0]

    def _memory(self, address: int, size: int) -> bytes:
        return self.read(address, size) or b""

    def known_registers(self) -> dict[str, int]:
        """The program's registers by name."""
        if self.registers is None:
            return {}
        return {name: getattr(self.registers, name) for name in FRAME_REGISTERS}

    def state(self, position: int) -> str:
        """Where the task is, in words; `position` is the call that the variants disagree on."""
        where = self._state(position)
        return f"{where}, in its handler of {self.handler}" if self.handler else where

    def _state(self, position: int) -> str:
        task = self.task
        if task is None:
            return "has no such task"
        if task.state is State.ENDED:
            if self.signal:
                return f"killed by {self.signal}"
            code = os.WEXITSTATUS(task.status) if task.status is not None else 0
            return f"exited with {code}"
        if self.signal:
            return f"{DYING} {self.signal}"
        if self.registers is None and self.number < 0:
            return "runs, and could not be stopped in time"
        where = (
            f"in {Compared(self.number, (), {}).name}" if self.number >= 0 else "in its own code"
        )
        if position < 0 or self.position < 0:
            return where
        if self.position == position and self.at_call:
            return "at the call"
        if self.position >= position:
            return f"was there and went on, is {where}"
        return f"has not come to this call, is {where}"
