"""How the instruction at a site becomes a jump: which bytes to write where.

Only the first two bytes of the instruction are overwritten, so no instruction moves, nobody can
land in the middle of something new, and rip - 2 still names the site (restarts, core dumps)::

    padded    0f 05                       syscall
              ...
              66 2e 0f 1f 84 00 ...       padding: a long no-operation instruction nearby
    becomes   eb P                        short jump to the padding's third byte
              ...
              eb L  e9 T T T T            over itself; near jump to the trampoline

    punned    0f 05 48 3d 00 f0 ff ff     syscall; cmp $-4096, %rax
    becomes   e9 XX 48 3d 00 f0 ff ff     near jump by 0x003d48XX, whose high bytes are code as it
                                          was: XX is ours, a page is mapped where it leads

The *trampoline* does what the instruction would: it puts the return address into a register that
the instruction overwrites anyway, and jumps into the agent by way of the task's slot::

    lea site+2(%rip), %rcx; jmp *%gs:entry               (rdx and another entry for rdtsc, rdtscp)

Everything is relative to rip, so the bytes are right wherever the file is mapped. Trampolines of
padded sites lie in the *room* behind the end of the code, in the last page of its segment: no
mapping is needed for them.
"""

from __future__ import annotations

import struct
from collections.abc import Container, Iterator
from typing import Final, NamedTuple

from mvx import lengths
from mvx.records import TASK

TRAMPOLINE_SIZE: Final = 15
BEFORE: Final = 208
AFTER: Final = 144
"""How many bytes around a site are looked at: what a short jump reaches, and enough before that to
tell where instructions begin.
"""
_REACH: Final = 130
_NOPS: Final = (b"\x0f\x1f\x84\x00\x00\x00\x00\x00", b"\x0f\x1f\x80\x00\x00\x00\x00")
_OPERAND_SIZE: Final = 0x66
_SEGMENT: Final = 0x2E
_INTERRUPT: Final = b"\xcc" * 5
"""What some linkers fill gaps between functions with."""
_LEA_RCX: Final = b"\x48\x8d\x0d"
_LEA_RDX: Final = b"\x48\x8d\x15"
_LEA_SIZE: Final = 7
_JUMP_GS: Final = b"\x65\xff\x24\x25"


class Kind(NamedTuple):
    """An instruction that can be patched; `field`: of struct task, the agent's entry for it."""

    name: str
    code: bytes
    lea: bytes
    field: str


SYSCALL: Final = Kind("syscall", b"\x0f\x05", _LEA_RCX, "entry")
RDTSC: Final = Kind("rdtsc", b"\x0f\x31", _LEA_RDX, "entry_rdtsc")
RDTSCP: Final = Kind("rdtscp", b"\x0f\x01\xf9", _LEA_RDX, "entry_rdtscp")
KINDS: Final = (SYSCALL, RDTSC, RDTSCP)


class Change(NamedTuple):
    """Bytes to be replaced at an address."""

    place: int
    old: bytes
    new: bytes


class Patch(NamedTuple):
    """One site's changes, in the order in which others may see them happen.

    `rests`: the addresses at which a task may stand on its way from the site to the agent.
    """

    site: int
    kind: Kind
    changes: tuple[Change, ...]
    rests: tuple[int, ...]
    bound: range = range(0)
    """The addresses of the bytes that must stay as they are from now on: the padding that it uses,
    or the instructions that are part of its jump.
    """


def kind_at(code: bytes, position: int) -> Kind | None:
    """What instruction of interest stands there, if one begins there."""
    return next((kind for kind in KINDS if code.startswith(kind.code, position)), None)


def is_proven(code: bytes, position: int) -> bool:
    """Whether the bytes before a site say that it is an instruction.

    ``mov $number, %eax; syscall`` says it by itself, five bytes of which two or three are zero.
    """
    before = code[max(0, position - 5) : position]
    if code.startswith(SYSCALL.code, position) and before[:1] == b"\xb8" and before[3:] == b"\0\0":
        return before[2] <= 1
    return lengths.begins(code, position)


def trampoline(kind: Kind, target: int, site: int) -> bytes:
    """The trampoline at `target` of a site."""
    distance = site + len(kind.code) - (target + _LEA_SIZE)
    field = struct.pack("<I", TASK.offset(kind.field))
    return kind.lea + struct.pack("<i", distance) + _JUMP_GS + field


def padded(code: bytes, start: int, site: int, target: int, taken: Container[int]) -> Patch | None:
    """The patch of a site by the first free padding in reach, None if there is none.

    `code` was read at the address `start`; `target` is room for a trampoline; `taken` are the
    addresses of all bytes that are bound by other patches.
    """
    kind = kind_at(code, site - start)
    if kind is None or site in taken or site + 1 in taken:
        return None
    jump_end = site + 2
    middle = site - start
    for place, size, is_executed in _paddings(code, max(0, middle - _REACH), middle + _REACH):
        address = start + place
        near = address + 2 if is_executed else address
        if not -128 <= near - jump_end <= 127:
            continue
        if site < address + size and address < site + len(kind.code):
            continue
        if any(byte in taken for byte in range(address, address + size)):
            continue
        if not is_executed and not lengths.begins(code, place):
            continue
        near_jump = b"\xe9" + struct.pack("<i", target - (near + 5))
        changes = [Change(target, b"", trampoline(kind, target, site))]
        if is_executed:
            over = bytes((0xEB, size - 2))
            changes.append(Change(address, code[place : place + 2], over))
        changes += [
            Change(near, code[near - start : near - start + 5], near_jump),
            Change(site, kind.code[:2], b"\xeb" + struct.pack("<b", near - jump_end)),
        ]
        used = range(address, address + size)
        return Patch(site, kind, tuple(changes), (near, target, target + _LEA_SIZE), used)
    return None


def _paddings(code: bytes, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
    """Paddings between two positions: position, size, and whether they are ever executed."""
    for nop in _NOPS:
        position = code.find(nop, first, last)
        while position >= 0:
            begin = _with_prefixes(code, position)
            if begin is not None:
                yield begin, position + len(nop) - begin, True
            position = code.find(nop, position + 1, last)
    position = code.find(_INTERRUPT, first, last)
    while position >= 0:
        yield position, len(_INTERRUPT), False
        position = code.find(_INTERRUPT, position + 1, last)


def _with_prefixes(code: bytes, position: int) -> int | None:
    """Where a no-operation instruction begins whose opcode is at `position`; None if unclear.

    Prefixes before it may be the last byte of another instruction. Assemblers write ``66 2e``
    together, so a single such pair belongs to the padding.
    """
    begin = position
    if begin and code[begin - 1] == _SEGMENT:
        begin -= 1
        if not (begin and code[begin - 1] == _OPERAND_SIZE):
            return None
    while begin and code[begin - 1] == _OPERAND_SIZE:
        begin -= 1
    clear = begin == position or (
        begin == position - 2 and code[begin] == _OPERAND_SIZE and code[begin + 1] == _SEGMENT
    )
    return begin if clear or lengths.begins(code, begin) else None


def punned_targets(site: int, following: bytes) -> range:
    """The 256 addresses to which a punned jump at a site can lead.

    `following`: the three bytes behind the jump's first two.
    """
    first = site + 5 + int(struct.unpack("<i", b"\0" + following)[0])
    return range(first, first + 256)


def punned(kind: Kind, site: int, targets: range, target: int) -> Patch:
    """The patch of a site by a punned jump to one of its targets."""
    jump = bytes((0xE9, targets.index(target)))
    changed = 1 if jump[1] == kind.code[1] else 2
    changes = (
        Change(target, b"", trampoline(kind, target, site)),
        Change(site, kind.code[:changed], jump[:changed]),
    )
    bound = range(site + changed, site + 5)
    return Patch(site, kind, changes, (target, target + _LEA_SIZE), bound)
