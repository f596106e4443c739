"""The seccomp filter of a variant: what passes, and what stops for the supervisor.

The filter is installed before the first exec and inherited for ever, so the addresses of the gates
in it are chosen once per variant. At the untraced gates only the calls of an allow-list pass (an
address is no capability: any code may jump there); calls that cannot harm the monitor pass from
anywhere, since each variant makes them by itself and nobody compares them: memory management by its
arguments, others by their numbers. Everything else stops (``SECCOMP_RET_TRACE``), and fails with
ENOSYS when no supervisor is there.

`instruction_pointer` in ``struct seccomp_data`` is the address *after* the system call instruction
(seccomp(2)).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Sequence

from mvx.kernel import control_process

_ALLOW = 0x7FFF0000
_TRACE = 0x7FF00000
FOREIGN = 1
"""The filter's data (PTRACE_GETEVENTMSG) for the 32-bit entry and x32 numbers."""

_ARCHITECTURE_X86_64 = 0xC000003E
_X32_BIT = 0x40000000
_X32_CALLS = 1024
"""Numbers past these are no calls in any table: the agent refuses them like other unknown ones."""
_LOAD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_GREATER = 0x25
_JUMP_GREATER_EQUAL = 0x35
_JUMP_SET = 0x45
_JUMP = 0x05
_RETURN = 0x06
_AND = 0x54

_NUMBER, _ARCHITECTURE, _POINTER_LOW, _POINTER_HIGH, _ARGUMENT = 0, 4, 8, 12, 16

_OPENS = ((2, 1), (257, 2))
"""open and openat, and which argument holds their flags."""
_ACCESS_MODE = 3
_MMAP = 9
_MPROTECT = 10
_MUNMAP = 11
_PROT_EXEC = 4
_PROT_READ_EXEC = 5
_MAP_EMPTY = 0x2 | 0x20 | 0x100000
"""MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, and nothing else."""
_MAP_TYPE = 0xF
_MAP_PRIVATE = 2
_MAP_ANONYMOUS = 0x20

Instruction = tuple[int, str | int, str | int, int]


class _Program:
    """Instructions with labels; forward jumps only, as classic BPF demands."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        self.labels[name] = len(self.instructions)

    def load(self, offset: int) -> None:
        self.instructions.append((_LOAD, 0, 0, offset))

    def jump(self, test: int, value: int, if_true: str | int, if_false: str | int = 0) -> None:
        self.instructions.append((test, if_true, if_false, value))

    def compute(self, operation: int, value: int) -> None:
        self.instructions.append((operation, 0, 0, value))

    def finish(self, value: int) -> None:
        self.instructions.append((_RETURN, 0, 0, value))

    def go(self, label: str) -> None:
        self.instructions.append((_JUMP, label, 0, 0))

    def assemble(self) -> bytes:
        content = bytearray()
        for index, (code, true, false, value) in enumerate(self.instructions):
            if code == _JUMP:
                content += struct.pack("<HBBI", code, 0, 0, self._distance(index, true))
                continue
            jumps = (self._distance(index, true), self._distance(index, false))
            if max(jumps) > 255:
                message = f"jump of {max(jumps)} instructions in the filter"
                raise AssertionError(message)
            content += struct.pack("<HBBI", code, *jumps, value)
        return bytes(content)

    def _distance(self, index: int, target: str | int) -> int:
        return self.labels[target] - index - 1 if isinstance(target, str) else target


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Sorted numbers as closed ranges."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _search(program: _Program, wanted: Sequence[tuple[int, int]], allow: str, deny: str) -> None:
    """Binary search of the accumulator among ranges: about log2(n) tests."""
    if len(wanted) == 1:
        low, high = wanted[0]
        program.jump(_JUMP_GREATER_EQUAL, low, 0, 1)
        program.jump(_JUMP_GREATER, high, 0, 1)
        program.go(deny)
        program.go(allow)
        return
    middle = len(wanted) // 2
    label = f"search_{len(program.instructions)}"
    program.jump(_JUMP_GREATER_EQUAL, wanted[middle][0], 0, 1)
    program.go(label)
    _search(program, wanted[:middle], allow, deny)
    program.label(label)
    _search(program, wanted[middle:], allow, deny)


def _memory(program: _Program, start: int, end: int) -> None:
    """Memory management that neither makes anything executable nor comes near the monitor's region
    passes. The accumulator holds the call's number.

    Pages that are empty, cannot be written and replace nothing may be executable: the agent maps
    such for trampolines. Files at no address of the program's choice stop, for the supervisor
    places them; so do shared mappings, which it wants to know.
    """
    program.jump(_JUMP_EQUAL, _MMAP, 0, "no_mmap")
    program.load(_ARGUMENT + 16)
    program.jump(_JUMP_SET, _PROT_EXEC, "executable")
    program.load(_ARGUMENT + 24)
    program.compute(_AND, _MAP_TYPE)
    program.jump(_JUMP_EQUAL, _MAP_PRIVATE, 0, "stop")
    program.load(_ARGUMENT)
    program.jump(_JUMP_EQUAL, 0, 0, "outside")
    program.load(_ARGUMENT + 4)
    program.jump(_JUMP_EQUAL, 0, 0, "outside")
    program.load(_ARGUMENT + 24)
    program.jump(_JUMP_SET, _MAP_ANONYMOUS, "pass", "stop")
    program.label("executable")
    program.jump(_JUMP_EQUAL, _PROT_READ_EXEC, 0, "stop")
    program.load(_ARGUMENT + 24)
    program.jump(_JUMP_EQUAL, _MAP_EMPTY, "outside", "stop")
    program.label("no_mmap")
    program.jump(_JUMP_EQUAL, _MUNMAP, "outside")
    program.jump(_JUMP_EQUAL, _MPROTECT, 0, "no_memory")
    program.load(_ARGUMENT + 16)
    program.jump(_JUMP_SET, _PROT_EXEC, "stop")
    program.label("outside")
    # Less than 4 GiB that begin at least as far below the region, or 4 GiB above its end.
    program.load(_ARGUMENT + 12)
    program.jump(_JUMP_EQUAL, 0, 0, "stop")
    program.load(_ARGUMENT + 4)
    program.jump(_JUMP_GREATER, end >> 32, "pass")
    program.jump(_JUMP_GREATER_EQUAL, (start >> 32) - 1, "stop")
    program.label("pass")
    program.finish(_ALLOW)
    program.label("stop")
    program.finish(_TRACE)
    program.label("no_memory")


def build(
    gates: Sequence[int],
    allowed: Iterable[int],
    free: Iterable[int],
    *,
    requests: Sequence[tuple[int, Sequence[int]]] = (),
    region: tuple[int, int] | None,
    bootstrap: tuple[int, Iterable[int]],
) -> bytes:
    """The filter's instructions.

    `gates`: the untraced gates (addresses after the instruction); `allowed`: call numbers that pass
    there; `free`: call numbers that pass from anywhere; `requests`: calls that pass there unless
    the low half of their second argument is one of the values; `region`: the monitor's memory,
    start and end; None: memory management stops wherever it happens; `bootstrap`: the gate that is
    gone before a program runs, and what passes there.
    """
    program = _Program()
    program.load(_ARCHITECTURE)
    program.jump(_JUMP_EQUAL, _ARCHITECTURE_X86_64, 1)
    program.finish(_TRACE | FOREIGN)
    program.load(_NUMBER)
    program.jump(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 2)
    program.jump(_JUMP_GREATER_EQUAL, _X32_BIT + _X32_CALLS, 1, 0)
    program.finish(_TRACE | FOREIGN)
    for gate in gates:
        program.load(_POINTER_LOW)
        program.jump(_JUMP_EQUAL, gate & 0xFFFFFFFF, 0, 3)
        program.load(_POINTER_HIGH)
        program.jump(_JUMP_EQUAL, gate >> 32, 0, 1)
        program.go("at_gate")
    gate, numbers = bootstrap
    program.load(_POINTER_LOW)
    program.jump(_JUMP_EQUAL, gate & 0xFFFFFFFF, 0, "anywhere_near")
    program.load(_POINTER_HIGH)
    program.jump(_JUMP_EQUAL, gate >> 32, 0, "anywhere_near")
    program.load(_NUMBER)
    _search(program, ranges(numbers), "allow", "trace")
    program.label("anywhere_near")
    program.go("anywhere")
    program.label("at_gate")
    program.load(_NUMBER)
    # Opening for writing is looked at: /proc/PID/mem of another variant must not be written.
    for number, argument in _OPENS:
        program.jump(_JUMP_EQUAL, number, 0, 4)
        program.load(_ARGUMENT + 8 * argument)
        program.jump(_JUMP_SET, _ACCESS_MODE, 0, 1)
        program.go("trace")
        program.go("allow")
    for number, values in requests:
        program.jump(_JUMP_EQUAL, number, 0, 2 * len(values) + 2)
        program.load(_ARGUMENT + 8)
        for value in values:
            program.jump(_JUMP_EQUAL, value, 0, 1)
            program.go("trace")
        program.go("allow")
    _search(program, ranges(allowed), "allow", "anywhere")
    program.label("anywhere")
    program.load(_NUMBER)
    if region is not None:
        _memory(program, *region)
    free_ranges = ranges(free)
    if free_ranges:
        _search(program, free_ranges, "allow", "trace")
    else:
        program.go("trace")
    program.label("allow")
    program.finish(_ALLOW)
    program.label("trace")
    program.finish(_TRACE)
    return program.assemble()


def install(content: bytes, *, privileged: bool) -> None:
    """Install the filter for the calling process; without CAP_SYS_ADMIN it takes no_new_privs first
    (seccomp(2)).
    """
    if not privileged:
        control_process(38, 1)
    buffer = ctypes.create_string_buffer(content, len(content))
    program = ctypes.create_string_buffer(
        struct.pack("<H6xQ", len(content) // 8, ctypes.addressof(buffer))
    )
    result = control_process(22, 2, ctypes.addressof(program))
    if result < 0:
        raise OSError(-result, "prctl(PR_SET_SECCOMP)")
