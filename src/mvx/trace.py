"""``--trace FILE``: one line per call of every variant, ``VARIANT TID NAME(ARGUMENTS) = RESULT``.

The supervisor shows every stop to the trace before it handles it; the trace only looks. A call
begins at its trap, where its inputs are read. It ends when the agent says that its result is in the
frame, at the syscall-exit stop of a call that the task makes itself, or never, as with exit and
rt_sigreturn: then the result is a question mark. A line is written when its call ends. TID is the
number that the program sees, the same in all variants, so that two of them can be compared with
``diff <(sed -n 's/^0 //p' FILE) <(sed -n 's/^1 //p' FILE)``.

While a run is traced, every call traps and takes the way through the agent: slower, and otherwise
the same.
"""

from __future__ import annotations

import os
import signal
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, TextIO

from mvx import calls, compared, decode, errors, kernel
from mvx.kernel import FRAME_SIZE, MASK, Registers, TaskGoneError
from mvx.layout import FRAME_REGISTERS, POINTS, REQUESTS, TASK_SLOT_SIZE
from mvx.specification import text
from mvx.specification.vocabulary import Direction, Executor
from mvx.tasks import Task

if TYPE_CHECKING:
    from pathlib import Path

    from mvx.monitor import Monitor

_REQUESTS: Final = list(REQUESTS)
_POINTS: Final = list(POINTS)
_READ_MAX: Final = 4096
_RAX: Final = FRAME_REGISTERS.index("rax") * 8
_RT_SIGRETURN: Final = 15
_FAULTS: Final = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGSYS}
)
_INSTRUCTIONS: Final = {b"\x0f\x31": "rdtsc", b"\x0f\x01\xf9": "rdtscp", b"\x0f\xa2": "cpuid"}
_SI_KERNEL: Final = 0x80
_CODES: Final = {
    0: "SI_USER",
    _SI_KERNEL: "SI_KERNEL",
    -1: "SI_QUEUE",
    -2: "SI_TIMER",
    -3: "SI_MESGQ",
    -6: "SI_TKILL",
}
_CHILD_CODES: Final = {
    1: "CLD_EXITED",
    2: "CLD_KILLED",
    3: "CLD_DUMPED",
    4: "CLD_TRAPPED",
    5: "CLD_STOPPED",
    6: "CLD_CONTINUED",
}


def _details(number: int, information: bytes) -> str:
    """What a siginfo says that depends on where the signal comes from (sigaction(2))."""
    code = struct.unpack_from("<i", information, 8)[0]
    names = _CHILD_CODES if number == signal.SIGCHLD and code > 0 else _CODES
    shown = f"si_code={names.get(code, code)}"
    if number in _FAULTS and code > 0:
        return f"{shown}, si_addr={struct.unpack_from('<Q', information, 16)[0]:#x}"
    if number == signal.SIGCHLD or code in (0, -1, -6):
        pid, uid = struct.unpack_from("<iI", information, 16)
        return f"{shown}, si_pid={pid}, si_uid={uid}"
    return shown


class _Open(NamedTuple):
    """A call that has begun, with the bytes that went in; what comes out is read at its end."""

    number: int
    arguments: tuple[int, ...]
    inputs: dict[int, bytes | None]


class Trace:
    """Writes the trace of one run."""

    def __init__(self, path: Path, monitor: Monitor) -> None:
        """Empty the file. Raises FileFailed when it cannot be written."""
        self._monitor = monitor
        self._open: dict[Task, _Open] = {}
        self._known: set[Task] = set()
        try:
            self._file: TextIO | None = open(  # noqa: SIM115 - it stays open for the run
                path, "w", buffering=1, encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            raise errors.FileFailed(
                f"cannot write the trace {path}: {error.strerror}",
                fix="name a file in a directory where you may write",
            ) from None

    def close(self) -> None:
        """Write the calls that never ended, and close the file."""
        for task in list(self._open):
            self._finish(task, None, "unfinished")
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._give_up(error)

    def note(self, task: Task, what: str) -> None:
        """Write a line about a task that is no call."""
        self._line(task, f"+++ {what} +++")

    # What the supervisor sees

    def stopped(self, task: Task, status: int) -> None:
        """Look at a stop, or an end, before it is handled. Raises TaskGoneError."""
        try:
            self._look(task, status)
        except TaskGoneError:
            raise
        except Exception as error:  # noqa: BLE001 - variants are hostile; the run goes on without this line
            self._line(task, f"??? {type(error).__name__}: {error}")

    def _look(self, task: Task, status: int) -> None:
        number, event = status >> 8 & 0xFF, status >> 16
        if not os.WIFSTOPPED(status):
            self._ended(task, status)
        elif event == kernel.EVENT_EXEC:
            former = self._monitor.tasks.get(kernel.event_message(task.tid), task)
            self._finish(former, 0)
        elif task.variant.launching or task.space is None:
            return
        elif event == kernel.EVENT_SECCOMP:
            self._trapped(task, kernel.registers(task.tid))
        elif number == kernel.SYSCALL_STOP and task.on_exit_stop is not None:
            self._returned(task, kernel.registers(task.tid))
        elif not event and number != kernel.SYSCALL_STOP:
            self._signal(task, number)

    def _trapped(self, task: Task, current: Registers) -> None:
        offsets = self._monitor.image.offsets
        assert task.space is not None
        if not task.space.contains(current.rip):
            self._begin(task, current)
        elif current.rip == task.variant.base + offsets["gate_control"]:
            request = _REQUESTS[current.rdi] if current.rdi < len(_REQUESTS) else ""
            point = _POINTS[current.rsi] if current.rsi < len(_POINTS) else ""
            if request == "TRACED" or (request, point) == ("SIGNAL", "EXIT"):
                self._finish(task, self._frame_result(task))
            elif request == "SIGNAL":
                self._finish(task, None, "a signal comes first" if point == "ENTRY" else "a signal")

    def _begin(self, task: Task, current: Registers) -> None:
        self._finish(task, self._leaders_error(task))
        number = current.orig_rax
        registers = (current.rdi, current.rsi, current.rdx, current.r10, current.r8, current.r9)
        source = self._source(task, number, registers, None)
        inputs = {
            index: source(index)
            for index, parameter in enumerate(decode.find_parameters(number, registers)[:6])
            if parameter.direction is Direction.IN
        }
        self._open[task] = _Open(number, registers, inputs)
        if kernel.event_message(task.tid):
            self._finish(task, None, "32-bit or x32")
        elif number == _RT_SIGRETURN:
            self._finish(task, None)

    def _leaders_error(self, task: Task) -> int | None:
        """A follower is not asked to repeat a native call that failed: it gets the leader's error.

        That stands in the task set until the next native call.
        """
        call, result = self._open.get(task), task.set.native_result
        executor = calls.executor(call.number) if call is not None else None
        if task.is_leader or executor is not Executor.NATIVE or result is None or result >= 0:
            return None
        return result

    def _returned(self, task: Task, stopped: Registers) -> None:
        result = text.signed(stopped.rax)
        child = task.set.child
        if task.birth is not None and result > 0 and child is not None:
            result = child.tid
        self._finish(task, result)

    def _ended(self, task: Task, status: int) -> None:
        self._finish(task, None)
        if os.WIFSIGNALED(status):
            self.note(task, f"killed by {text.signal_name(os.WTERMSIG(status))}")
        else:
            self.note(task, f"exited with {os.WEXITSTATUS(status)}")
        self._known.discard(task)

    def _signal(self, task: Task, number: int) -> None:
        information = kernel.signal_information(task.tid)
        code = struct.unpack_from("<i", information, 8)[0]
        how = "arrived" if task.is_leader else "absorbed"
        stash = next((each for each in task.in_flight if each.number == number), None)
        if stash is not None:
            how, information = "delivered", stash.information
        elif number in _FAULTS and code > 0:
            how = "fault"
            assert task.space is not None
            current = kernel.registers(task.tid)
            if task.space.contains(current.rip):
                return  # the agent looks at memory that is not there
            instruction = self._instruction(task, current.rip)
            if code == _SI_KERNEL and instruction is not None:
                self._line(task, f"{instruction}()")
                return
        details = _details(number, information)
        self._line(task, f"--- {text.signal_name(number)} {{{details}}} {how} ---")

    def _instruction(self, task: Task, address: int) -> str | None:
        """The instruction that mvx makes fault and emulates, if it is one."""
        assert task.space is not None
        code = compared.reader(task.space.memory)(address, 3) or b""
        return next((name for start, name in _INSTRUCTIONS.items() if code.startswith(start)), None)

    # Calls

    def _source(
        self, task: Task, number: int, arguments: tuple[int, ...], result: int | None
    ) -> decode.ReadInput:
        if task.space is None:
            return lambda _: None
        read = compared.reader(task.space.memory, _READ_MAX)
        return decode.inputs_from_memory(number, arguments, read, result)

    def _frame_result(self, task: Task) -> int | None:
        assert task.space is not None
        place = task.slot_address + TASK_SLOT_SIZE - FRAME_SIZE + _RAX
        content = compared.reader(task.space.memory)(place, 8)
        return None if content is None else int.from_bytes(content, "little")

    def _finish(self, task: Task, result: int | None, why: str = "") -> None:
        """Write the call that the task is in, if it is in one; a result of None is not known."""
        call = self._open.pop(task, None)
        if call is None:
            return
        source = self._source(task, call.number, call.arguments, result)
        line = decode.decode_call(
            call.number,
            call.arguments,
            None if result is None else result & MASK,
            lambda index: call.inputs.get(index) if index in call.inputs else source(index),
        )
        ending = " = ?" if result is None else ""
        self._line(task, f"{line}{ending}{f' ({why})' if why else ''}")

    # Lines

    def _line(self, task: Task, line: str) -> None:
        if task not in self._known:
            self._known.add(task)
            self._line(task, f"+++ started as {task.tid} +++")
        if self._file is not None:
            try:
                self._file.write(f"{task.variant.index} {task.set.tid} {line}\n")
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """Go on without a trace: the program must not suffer from a full disk."""
        self._file = None
        self._monitor.warn("trace", f"the trace ends here: {error.strerror}")
