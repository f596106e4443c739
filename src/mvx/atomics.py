"""Atomic instructions in a file's code: where they are, and what they do.

They are the instructions with a `lock` prefix, and `xchg` with memory, which locks by itself (Intel
SDM volume 2, LOCK and XCHG). Code is read from the start of each function that the unwind
information describes (.eh_frame, which the psABI asks for in every object), so that no constant is
taken for an instruction; a function is read only if it has a byte that could be one. Code that is
not described is not read.

Plain loads and stores of a word that atomic instructions change are a part of the same
synchronisation (C11's atomic_load is a plain load on this machine). They cannot all be told from
their bytes; found are those of a variable with an address of its own that an atomic instruction of
the file names, too, and those that name, in one function, the same register and displacement as an
atomic instruction.

What changes the stack only, as `lock orl $0, (%rsp)` which is a fence, synchronises nobody.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Container, Iterable, Iterator
from typing import Final, NamedTuple

from mvx import elf, lengths
from mvx.elf import PT_LOAD

_EXECUTE: Final = 1
_PT_GNU_EH_FRAME: Final = 0x6474E550
_TABLE: Final = b"\x01\x1b\x03\x3b"
"""The usual .eh_frame_hdr: version, then how addresses are written: relative to their place, a
count, and pairs relative to the header; four bytes each (LSB core, "exception frames").
"""
_CANDIDATE: Final = re.compile(
    rb"\xf0[\x66\x40-\x4f]{0,2}[\x0f\x00-\x31\x80-\x83\xf6\xf7\xfe\xff]|[\x86\x87][\x00-\xbf]"
)
"""What an atomic instruction holds, and many others."""
_LOCK: Final = 0xF0
_PREFIXES: Final = frozenset((0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3))
_SEGMENTED: Final = frozenset((0x64, 0x65, 0x67))
_REPEATED: Final = frozenset((0xF2, 0xF3))
_PLAIN: Final = frozenset(
    (
        *(0x8A, 0x8B, 0x88, 0x89, 0xC6, 0xC7, 0x38, 0x39, 0x3A, 0x3B, 0x84, 0x85, 0xF6, 0xF7, 0x80),
        *(0x81, 0x83, 0x0FB6, 0x0FB7, 0x0FBE, 0x0FBF, 0x63),
    )
)
"""Opcodes of plain accesses."""
_LONGER: Final = 0x0F30
"""Opcodes from here to 0x0F3F have a third byte, or no memory."""
_BEGINNINGS: Final = frozenset((*_PREFIXES, *range(0x40, 0x50), 0x0F, 0x86, 0x87, *_PLAIN))
"""First bytes of instructions that are of interest."""
NONE: Final = 16
"""No base or index register."""
RIP: Final = 17
"""The base is the address behind the instruction."""
_RSP: Final = 4
_ARITHMETIC: Final = ("ADD", "OR", "ADC", "SBB", "AND", "SUB", "XOR")
_COMPARING: Final = ("CMP", "CMP_WITH", "TEST")
"""Memory with the other operand, and that with memory."""
OPERATIONS: Final = (
    *_ARITHMETIC,
    *("INC", "DEC", "NOT", "NEG", "XADD", "XCHG", "CMPXCHG", "CMPXCHG16", "BTS", "BTR", "BTC"),
    *("LOAD", "LOAD_ZEROS", "LOAD_SIGN", "STORE"),
    *_COMPARING,
)
"""Those from LOAD on are not atomic; LOAD_ZEROS and LOAD_SIGN widen what they load."""


class Atomic(NamedTuple):
    """An atomic instruction; registers have the numbers of the machine's encoding."""

    place: int
    """File offset."""
    length: int
    operation: str
    """One of OPERATIONS; empty: not one that mvx knows how to do."""
    size: int
    """Bytes of the operand in memory."""
    register: int
    """The other operand, NONE: `immediate`."""
    immediate: int
    base: int
    index_register: int
    scale: int
    displacement: int
    width: int
    """LOAD_ZEROS, LOAD_SIGN: bytes of the register."""
    is_plain: bool
    """It is not atomic by itself."""
    is_entered: bool
    """The code jumps into it, past its prefix."""


class Code(NamedTuple):
    """An executable segment: offset in the file, address as linked, content."""

    offset: int
    address: int
    content: bytes


def find(content: bytes) -> list[Atomic]:
    """The atomic instructions of an ELF file, and the plain ones that synchronise with them, by
    place. Raises ValueError, struct.error.
    """
    functions = _functions(content)
    found: dict[int, Atomic] = {}
    codes = list(_codes(content))
    for code in codes:
        for function in _functions_with(code, _candidates(code), functions):
            found.update((each.place, each) for each in _in_function(code, *function))
    variables = {
        byte
        for code in codes
        for each in found.values()
        if each.base == RIP and not each.is_plain
        for byte in _bytes_of(code, each)
    }
    if variables:
        for code in codes:
            for function in _functions_with(code, _naming(code, variables), functions):
                for each in _in_function(code, *function, variables):
                    found.setdefault(each.place, each)
    return [found[place] for place in sorted(found)]


def remembered(content: bytes, known: Iterable[int]) -> list[Atomic] | None:
    """What :func:`find` found, from what :func:`marks` said of it; None if that was said of another
    file.
    """
    codes = list(_codes(content))
    found = []
    for mark in sorted(known):
        place, is_entered = divmod(mark, 2)
        code = next((each for each in codes if 0 <= place - each.offset < len(each.content)), None)
        if code is None:
            return None
        at = place - code.offset
        access = _access(code, at, lengths.length(code.content, at))
        if access is None:
            return None
        found.append(access._replace(is_entered=bool(is_entered)))
    return found


def marks(found: list[Atomic]) -> set[int]:
    """One number for each instruction, from which it can be read again."""
    return {2 * each.place + each.is_entered for each in found}


def _bytes_of(code: Code, atomic: Atomic) -> range:
    """The addresses that an instruction with an address of its own names."""
    first = atomic.place - code.offset + code.address + atomic.length + atomic.displacement
    return range(first, first + atomic.size)


def _functions_with(
    code: Code, places: Iterable[int], functions: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The functions, as positions in the code, in which some of the places lie."""
    starts = [start for start, _ in functions]
    done = -1
    for place in places:
        number = bisect.bisect_right(starts, code.address + place) - 1
        if number > done and code.address + place < functions[number][1]:
            done = number
            start, end = functions[number]
            yield start - code.address, end - code.address


def _candidates(code: Code) -> Iterator[int]:
    return (match.start() for match in _CANDIDATE.finditer(code.content))


def _naming(code: Code, variables: set[int]) -> list[int]:
    """Where four bytes may be the displacement to a variable."""
    ends = {address - immediate for address in variables for immediate in (0, 1, 4)}
    found = []
    for shift in range(4):
        words = memoryview(code.content)[shift:]
        first = code.address + shift + 4
        found += [
            4 * number + shift
            for number, word in enumerate(words[: len(words) & -4].cast("i"))
            if first + 4 * number + word in ends
        ]
    return sorted(found)


def _codes(content: bytes) -> Iterator[Code]:
    for each in elf.segments(content):
        if each.kind == PT_LOAD and each.flags & _EXECUTE:
            code = content[each.offset : each.offset + each.size]
            yield Code(each.offset, each.address, code)


def _functions(content: bytes) -> list[tuple[int, int]]:
    """Start and end of the functions that are described, as linked, in order."""
    segments = list(elf.segments(content))
    table = next((each for each in segments if each.kind == _PT_GNU_EH_FRAME), None)
    if table is None or content[table.offset : table.offset + 4] != _TABLE:
        return []
    offset, address = table.offset, table.address
    count = struct.unpack_from("<I", content, offset + 8)[0]
    found = []
    loaded = [each for each in segments if each.kind == PT_LOAD]
    for start, description in struct.iter_unpack("<ii", content[offset + 12 :][: 8 * count]):
        linked = address + description
        place = next(
            (
                linked - each.address + each.offset
                for each in loaded
                if each.address <= linked < each.address + each.size
            ),
            None,
        )
        if place is not None:
            size = struct.unpack_from("<I", content, place + 12)[0]
            found.append((address + start, address + start + size))
    return found


def _in_function(
    code: Code, start: int, end: int, variables: Container[int] = ()
) -> Iterator[Atomic]:
    """The instructions of a function that synchronise."""
    found: list[Atomic] = []
    targets: set[int] = set()
    at = max(start, 0)
    end = min(end, len(code.content))
    while at < end:
        size = lengths.length(code.content, at)
        if not size:
            break
        access = _access(code, at, size) if code.content[at] in _BEGINNINGS else None
        if access is not None:
            found.append(access)
        target = _jump(code.content, at, size)
        if target is not None:
            targets.add(code.offset + target)
        at += size
    words = {
        (each.base, each.index_register, each.scale, byte)
        for each in found
        if not each.is_plain
        for byte in range(each.displacement, each.displacement + each.size)
    }
    for each in found:
        if not each.is_plain or _shares(code, each, words, variables):
            inside = range(each.place + 1, each.place + each.length)
            yield each._replace(is_entered=not targets.isdisjoint(inside))


def _shares(
    code: Code,
    plain: Atomic,
    words: set[tuple[int, int, int, int]],
    variables: Container[int],
) -> bool:
    """Whether a plain instruction names what an atomic one names."""
    if plain.base == RIP:
        return any(byte in variables for byte in _bytes_of(code, plain))
    return any(
        (plain.base, plain.index_register, plain.scale, byte) in words
        for byte in range(plain.displacement, plain.displacement + plain.size)
    )


def _jump(content: bytes, at: int, size: int) -> int | None:
    """Where a short or near conditional jump at a place leads."""
    first = content[at]
    if first & 0xF0 == 0x70 or first == 0xEB:
        return at + size + int.from_bytes(content[at + 1 : at + 2], "little", signed=True)
    if (first == 0x0F and content[at + 1] & 0xF0 == 0x80) or first == 0xE9:
        return at + size + int.from_bytes(content[at + size - 4 : at + size], "little", signed=True)
    return None


def _access(code: Code, at: int, size: int) -> Atomic | None:
    """The instruction at a place if it is atomic, or a plain access to memory; not to the stack."""
    content = code.content
    position = at
    prefixes = set()
    while content[position] in _PREFIXES:
        prefixes.add(content[position])
        position += 1
    rex = content[position] if content[position] & 0xF0 == 0x40 else 0
    position += bool(rex)
    opcode = content[position]
    is_plain = _LOCK not in prefixes and opcode not in (0x86, 0x87)
    position += 1
    if opcode == 0x0F:
        opcode = 0x0F00 | content[position]
        position += 1
        if opcode >> 4 == _LONGER >> 4:
            return None
    if is_plain and (opcode not in _PLAIN or prefixes & _REPEATED):
        return None
    modes = content[position]
    if modes >> 6 == 3:
        return None
    base, index, scale, displacement, position = _address(content, position, rex)
    if base == _RSP:
        return None
    wide = 8 if rex & 8 else 2 if 0x66 in prefixes else 4
    register = modes >> 3 & 7 | (rex & 4) << 1
    operate = _plain if is_plain else _operation
    operation, width, operand = operate(opcode, modes >> 3 & 7, wide)
    immediate = 0
    if operand:
        immediate = int.from_bytes(content[position : position + operand], "little", signed=True)
        register = NONE
    is_high = width == 1 and not rex and _RSP <= register < NONE // 2
    if not operation or (is_plain and (prefixes & _SEGMENTED or is_high)):
        return None
    if prefixes & _SEGMENTED or is_high:
        operation = ""
    return Atomic(
        code.offset + at,
        size,
        operation,
        width,
        register,
        immediate,
        base,
        index,
        scale,
        displacement,
        wide,
        is_plain=is_plain,
        is_entered=False,
    )


def _operation(opcode: int, extension: int, wide: int) -> tuple[str, int, int]:
    """What an opcode does, to how many bytes, and how long its immediate operand is."""
    width = wide if opcode & 1 else 1
    if opcode < 0x38 and opcode & 6 == 0:
        return _ARITHMETIC[opcode >> 3], width, 0
    match opcode:
        case 0x80 | 0x83 if extension < 7:
            return _ARITHMETIC[extension], width, 1
        case 0x81 if extension < 7:
            return _ARITHMETIC[extension], width, min(wide, 4)
        case 0x86 | 0x87:
            return "XCHG", width, 0
        case 0xFE | 0xFF if extension < 2:
            return ("INC", "DEC")[extension], width, 0
        case 0xF6 | 0xF7 if extension in (2, 3):
            return ("NOT", "NEG")[extension - 2], width, 0
        case 0x0FB0 | 0x0FB1:
            return "CMPXCHG", width, 0
        case 0x0FC0 | 0x0FC1:
            return "XADD", width, 0
        case 0x0FC7 if extension == 1 and wide == 8:
            return "CMPXCHG16", 16, 0
        case 0x0FBA if extension >= 5:
            return ("BTS", "BTR", "BTC")[extension - 5], wide, 1
    return "", width, 0


def _plain(opcode: int, extension: int, wide: int) -> tuple[str, int, int]:
    """The same of an instruction that is not atomic."""
    width = wide if opcode & 1 else 1
    match opcode:
        case 0x8A | 0x8B:
            return "LOAD", width, 0
        case 0x88 | 0x89:
            return "STORE", width, 0
        case 0xC6 | 0xC7 if extension == 0:
            return "STORE", width, min(width, 4)
        case 0x38 | 0x39:
            return "CMP", width, 0
        case 0x3A | 0x3B:
            return "CMP_WITH", width, 0
        case 0x84 | 0x85:
            return "TEST", width, 0
        case 0xF6 | 0xF7 if extension == 0:
            return "TEST", width, min(width, 4)
        case 0x80 | 0x83 if extension == 7:
            return "CMP", width, 1
        case 0x81 if extension == 7:
            return "CMP", width, min(wide, 4)
        case 0x0FB6 | 0x0FB7:
            return "LOAD_ZEROS", 1 + (opcode & 1), 0
        case 0x0FBE | 0x0FBF:
            return "LOAD_SIGN", 1 + (opcode & 1), 0
        case 0x63:
            return "LOAD_SIGN", 4, 0
    return "", width, 0


def _address(content: bytes, position: int, rex: int) -> tuple[int, int, int, int, int]:
    """Base, index, scale, displacement, and the position behind, of a memory operand."""
    modes = content[position]
    mode, base = modes >> 6, modes & 7
    index, scale = NONE, 1
    position += 1
    if base == _RSP:
        byte = content[position]
        position += 1
        base = byte & 7
        index = byte >> 3 & 7 | (rex & 2) << 2
        index = NONE if index == _RSP else index
        scale = 1 << (byte >> 6)
        if base == 5 and mode == 0:
            base, mode = NONE, 2
    elif base == 5 and mode == 0:
        base, mode = RIP, 2
    if base < 8:
        base |= (rex & 1) << 3
    size = (0, 1, 4)[mode]
    displacement = int.from_bytes(content[position : position + size], "little", signed=True)
    return base, index, scale, displacement, position + size
