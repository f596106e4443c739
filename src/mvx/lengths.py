"""How long an x86-64 instruction is, and whether one begins at a given byte.

The lengths follow from prefixes, opcode, ModRM and SIB bytes alone (Intel SDM volume 2, chapter 2
and appendix A: opcode maps); nothing else of an instruction matters here. Code in 64-bit mode only.

Where an instruction begins cannot be told from bytes by themselves. But reading x86 code from a
wrong place falls into step with the right one within a few instructions. So a byte is taken for a
beginning when nearly all ways to read what precedes it, one from each byte, come upon it. Data in
the way, or the first bytes of a function after other data, make the ways disagree: then there is
no proof, which costs a patch and nothing else.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_MODRM: Final = 1
_IMM8: Final = 2
_IMM16: Final = 4
_IMM32: Final = 8
"""Two bytes under the operand-size prefix, and never eight."""
_REL32: Final = 16
_IMM64: Final = 32
"""Four bytes, two under the operand-size prefix, eight under REX.W."""
_ADDRESS: Final = 64
_INVALID: Final = 128
_WINDOW: Final = 64
"""How many bytes before a place are read."""
_STARTS: Final = 48
"""From the first so many of them, so that each way has time to fall into step."""
_WAYS: Final = 34
"""In code nearly all bytes begin something that is an instruction by its looks; in data few do."""
_LONGEST: Final = 15

_PREFIXES: Final = frozenset((0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3))


def _table(*entries: tuple[int, int, int]) -> bytes:
    """A map of opcodes from (first, last, what follows); opcodes not named are invalid."""
    table = bytearray([_INVALID] * 256)
    for first, last, kind in entries:
        for opcode in range(first, last + 1):
            table[opcode] = kind
    return bytes(table)


_ARITHMETIC: Final = tuple(
    entry
    for base in range(0, 0x40, 8)
    for entry in (
        (base, base + 3, _MODRM),
        (base + 4, base + 4, _IMM8),
        (base + 5, base + 5, _IMM32),
    )
)
_ONE_BYTE: Final = _table(
    *_ARITHMETIC,
    *((0x50, 0x5F, 0), (0x63, 0x63, _MODRM), (0x68, 0x68, _IMM32), (0x69, 0x69, _MODRM | _IMM32)),
    *((0x6A, 0x6A, _IMM8), (0x6B, 0x6B, _MODRM | _IMM8), (0x6C, 0x6F, 0), (0x70, 0x7F, _IMM8)),
    *((0x80, 0x80, _MODRM | _IMM8), (0x81, 0x81, _MODRM | _IMM32), (0x83, 0x83, _MODRM | _IMM8)),
    *((0x84, 0x8F, _MODRM), (0x90, 0x99, 0), (0x9B, 0x9F, 0), (0xA0, 0xA3, _ADDRESS)),
    *((0xA4, 0xA7, 0), (0xA8, 0xA8, _IMM8), (0xA9, 0xA9, _IMM32), (0xAA, 0xAF, 0)),
    *((0xB0, 0xB7, _IMM8), (0xB8, 0xBF, _IMM64), (0xC0, 0xC1, _MODRM | _IMM8)),
    *((0xC2, 0xC2, _IMM16), (0xC3, 0xC3, 0), (0xC6, 0xC6, _MODRM | _IMM8)),
    *((0xC7, 0xC7, _MODRM | _IMM32), (0xC8, 0xC8, _IMM16 | _IMM8), (0xC9, 0xC9, 0)),
    *((0xCA, 0xCA, _IMM16), (0xCB, 0xCC, 0), (0xCD, 0xCD, _IMM8), (0xCF, 0xCF, 0)),
    *((0xD0, 0xD3, _MODRM), (0xD7, 0xD7, 0), (0xD8, 0xDF, _MODRM), (0xE0, 0xE7, _IMM8)),
    *((0xE8, 0xE9, _REL32), (0xEB, 0xEB, _IMM8), (0xEC, 0xEF, 0), (0xF1, 0xF1, 0)),
    *((0xF4, 0xF5, 0), (0xF6, 0xF7, _MODRM), (0xF8, 0xFD, 0), (0xFE, 0xFF, _MODRM)),
)
_TWO_BYTES: Final = _table(
    *(
        (0x00, 0x03, _MODRM),
        (0x05, 0x09, 0),
        (0x0B, 0x0B, 0),
        (0x0D, 0x0D, _MODRM),
        (0x0E, 0x0E, 0),
    ),
    *((0x0F, 0x0F, _MODRM | _IMM8), (0x10, 0x23, _MODRM), (0x28, 0x2F, _MODRM), (0x30, 0x35, 0)),
    *((0x37, 0x37, 0), (0x40, 0x6F, _MODRM), (0x70, 0x73, _MODRM | _IMM8), (0x74, 0x76, _MODRM)),
    *((0x77, 0x77, 0), (0x78, 0x79, _MODRM), (0x7C, 0x7F, _MODRM), (0x80, 0x8F, _REL32)),
    *((0x90, 0x9F, _MODRM), (0xA0, 0xA2, 0), (0xA3, 0xA3, _MODRM), (0xA4, 0xA4, _MODRM | _IMM8)),
    *((0xA5, 0xA5, _MODRM), (0xA8, 0xAA, 0), (0xAB, 0xAB, _MODRM), (0xAC, 0xAC, _MODRM | _IMM8)),
    *((0xAD, 0xB9, _MODRM), (0xBA, 0xBA, _MODRM | _IMM8), (0xBB, 0xC1, _MODRM)),
    *((0xC2, 0xC2, _MODRM | _IMM8), (0xC3, 0xC3, _MODRM), (0xC4, 0xC6, _MODRM | _IMM8)),
    *((0xC7, 0xC7, _MODRM), (0xC8, 0xCF, 0), (0xD0, 0xFF, _MODRM)),
)
_VECTOR_IMMEDIATES: Final = frozenset((0x70, 0x71, 0x72, 0x73, 0xC2, 0xC4, 0xC5, 0xC6))
"""Opcodes of the two-byte map which under VEX and EVEX have an immediate byte."""


def length(code: bytes, start: int) -> int:
    """Bytes of the instruction at `start`; 0 when there is none, or `code` ends within it."""
    try:
        size = _length(code, start)
    except IndexError:
        return 0
    return size if size <= _LONGEST and start + size <= len(code) else 0


def _length(code: bytes, start: int) -> int:
    position = start
    short_operand = short_address = wide = False
    byte = code[position]
    while byte in _PREFIXES:
        short_operand |= byte == 0x66
        short_address |= byte == 0x67
        position += 1
        byte = code[position]
    if byte & 0xF0 == 0x40:
        wide = bool(byte & 8)
        position += 1
        byte = code[position]
    if byte in (0xC4, 0xC5, 0x62):
        return _vector(code, position) - start
    kind = _ONE_BYTE[byte]
    if byte == 0x0F:
        position += 1
        byte = code[position]
        if byte in (0x38, 0x3A):
            kind = _MODRM | (_IMM8 if byte == 0x3A else 0)
            position += 1
            byte = -1
        else:
            kind = _TWO_BYTES[byte]
            byte = -1
    if kind & _INVALID:
        return 0
    position += 1
    if kind & _MODRM:
        if byte in (0xF6, 0xF7) and not code[position] & 0x30:
            kind |= _IMM8 if byte == 0xF6 else _IMM32
        position = _operand(code, position)
    if kind & _IMM8:
        position += 1
    if kind & _IMM16:
        position += 2
    if kind & _IMM32:
        position += 2 if short_operand and not wide else 4
    if kind & _REL32:
        position += 4
    if kind & _IMM64:
        position += 8 if wide else 2 if short_operand else 4
    if kind & _ADDRESS:
        position += 4 if short_address else 8
    return position - start


def _vector(code: bytes, position: int) -> int:
    """The end of an instruction with a VEX (c4, c5) or EVEX (62) prefix."""
    prefix = code[position]
    if prefix == 0xC5:
        opcodes = 1
        position += 2
    else:
        opcodes = code[position + 1] & (0x1F if prefix == 0xC4 else 0x07)
        position += 3 if prefix == 0xC4 else 4
    opcode = code[position]
    position += 1
    if opcodes == 1 and opcode == 0x77 and prefix != 0x62:  # vzeroupper, vzeroall
        return position
    position = _operand(code, position)
    if opcodes == 3 or (opcodes == 1 and opcode in _VECTOR_IMMEDIATES):
        position += 1
    return position


def _operand(code: bytes, position: int) -> int:
    """The end of a ModRM byte with what it brings: SIB byte, displacement."""
    byte = code[position]
    position += 1
    mode, memory = byte >> 6, byte & 7
    if mode == 3:
        return position
    if memory == 4:
        base = code[position] & 7
        position += 1
        if mode == 0 and base == 5:
            return position + 4
    elif mode == 0 and memory == 5:
        return position + 4
    return position + (0, 1, 4)[mode]


class Ways(NamedTuple):
    """How many ways there are to read the bytes before a place, of `_STARTS`, and how many of them
    come upon the place.
    """

    there: int
    met: int

    @property
    def prove(self) -> bool | None:
        """Whether an instruction begins there; None where nothing is proven."""
        if self.there < _WAYS:
            return None
        if self.met * 10 >= self.there * 9:
            return True
        return False if self.met * 10 <= self.there else None


def ways(code: bytes, place: int) -> Ways:
    """Read the bytes before `place` from each of them."""
    first = max(0, place - _WINDOW)
    meets: dict[int, bool] = {place: True}
    for start in range(place - 1, first - 1, -1):
        size = length(code, start)
        if size:
            # A way that leads past the place does not meet it; one that ends in nonsense is none.
            end = start + size
            if end > place:
                meets[start] = False
            elif end in meets:
                meets[start] = meets[end]
    found = [meets[start] for start in range(first, first + _STARTS) if start in meets]
    return Ways(len(found), sum(found))


def begins(code: bytes, place: int) -> bool:
    """Whether the bytes before `place` prove that an instruction begins there."""
    return ways(code, place).prove is True


def leads(code: bytes, start: int, place: int) -> bool | None:
    """Whether reading from an instruction at `start` comes upon `place`; None if it comes upon
    something that is no instruction.
    """
    while start < place:
        size = length(code, start)
        if not size:
            return None
        start += size
    return start == place
