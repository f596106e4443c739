"""rdrand and rdseed, which give each variant other numbers.

Where cpuid can be made to fault programs do not learn of them (instructions.py). Most virtual
machines cannot do that. There the instructions themselves are found in the files whose code is
mapped, and their first byte becomes hlt, which faults (Intel SDM volume 2: #GP outside ring 0). The
supervisor then gives numbers of its own: hashes of a secret of the run, of the task set, and of how
many the task has had, which are the same in every variant and which nobody can tell beforehand.

An instruction is taken for one where what precedes it proves that it begins there (lengths.py).
Code that a program makes while it runs is not looked at.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import lengths

if TYPE_CHECKING:
    from mvx.functions import Functions
    from mvx.kernel import Registers
    from mvx.tasks import Task

HLT: Final = b"\xf4"
_PATTERN: Final = re.compile(rb"\x0f\xc7([\xf0-\xff])")
"""The opcode, and ModRM with a register and the extension 6 (rdrand) or 7 (rdseed)."""
_PATTERN_SIZE: Final = 3
_WHOLE: Final = re.compile(rb"(\x66?[\x40-\x4f]?)\x0f\xc7([\xf0-\xff])")
_PREFIXES: Final = re.compile(rb"\x66?[\x40-\x4f]?\Z")
_BEFORE: Final = 80
"""So many bytes before an instruction prove that it is one."""
_AFTER: Final = 16
_RDPID: Final = b"\xf3"
"""With this prefix it is another instruction."""
_ARCH_PRCTL: Final = 158
_ARCH_SET_CPUID: Final = 0x1012
_REGISTERS: Final = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"),
)
_CARRY: Final = 1
_ARITHMETIC: Final = 0x8D5
"""The flags CF, PF, AF, ZF, SF and OF: rdrand sets the first and clears the others."""


class Instruction(NamedTuple):
    """One rdrand or rdseed: its length, its register, and the register's size, in bytes."""

    length: int
    register: str
    size: int


@functools.cache
def is_visible() -> bool:
    """Whether programs learn of the instructions since the machine cannot let cpuid fault."""
    result = ctypes.CDLL(None).syscall(_ARCH_PRCTL, _ARCH_SET_CPUID, ctypes.c_long(1))
    return bool(result == -1)


def find(
    code: mmap.mmap | bytes, first: int, end: int, functions: Functions
) -> dict[int, Instruction]:
    """The instructions between two places of a file's content, by their places."""
    found: dict[int, Instruction] = {}
    for match in _PATTERN.finditer(code, first, end):
        base = max(match.start() - _BEFORE, first)
        place = match.start() - base
        around = code[base : match.end() + _AFTER]
        start = _start(around, place)
        if start is not None and is_code(base + start, functions):
            found[base + start] = _decode(around[start:place], match[1][0])
    return found


def is_code(place: int, functions: Functions) -> bool:
    """Whether a place of a file is where its instructions are, as far as the file tells."""
    return not (functions.is_data(place) or functions.is_between(place))


def at(code: mmap.mmap | bytes, place: int) -> Instruction | None:
    """The instruction that was found at a place before; None if there is none."""
    match = _WHOLE.match(code, place)
    return _decode(match[1], match[2][0]) if match else None


def _start(code: bytes, place: int) -> int | None:
    """Where the instruction with the opcode at a place begins; None if there is no proof."""
    prefixes = _PREFIXES.search(code, max(place - 2, 0), place)
    assert prefixes is not None
    for start in range(prefixes.start(), place + 1):
        if code[start - 1 : start] == _RDPID:
            return None
        if lengths.begins(code, start):
            return start
    return None


def _decode(prefixes: bytes, operand: int) -> Instruction:
    rex = prefixes[-1] if prefixes and prefixes[-1] != 0x66 else 0x40
    size = 8 if rex & 8 else 2 if prefixes.startswith(b"\x66") else 4
    register = _REGISTERS[operand & 7 | (rex & 1) << 3]
    return Instruction(len(prefixes) + _PATTERN_SIZE, register, size)


class Numbers:
    """The random numbers of a run."""

    def __init__(self) -> None:
        """Begin with a new secret."""
        self._secret = os.urandom(32)
        self._given: dict[tuple[int, int], int] = {}

    def give(self, task: Task, current: Registers, instruction: Instruction) -> None:
        """Put the next number into the registers of a task, behind the instruction."""
        import hashlib  # it loads OpenSSL, which takes 4 ms, and few programs ask

        key = task.variant.index, task.set.identifier
        count = self._given[key] = self._given.get(key, 0) + 1
        message = f"{task.set.identifier}/{count}".encode()
        digest = hashlib.blake2b(message, key=self._secret, digest_size=8).digest()
        value = int.from_bytes(digest[: instruction.size], "little")
        if instruction.size == 2:
            value |= getattr(current, instruction.register) & ~0xFFFF
        setattr(current, instruction.register, value)
        current.eflags = current.eflags & ~_ARITHMETIC | _CARRY
        current.rip += instruction.length
