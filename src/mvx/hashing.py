"""Functions that make a number of an address: they give followers the leader's.

Code and static data of a variant lie in a zone of its own (placement.py). A program that hashes an
address in it, and shows what follows from that, would diverge: Python orders sets by the hashes of
their elements, and that of a type, of a built-in function or of ``None`` is the element's address.
The functions are data (hashes.txt). Two kinds of them are known by their first instructions: those
that rotate the address by four bits, and those that pass it on by a jump to another function. Their
beginning becomes a jump to instructions that bring an address of the follower's zone into the
leader's, and then do the same. No register changes but %rax and what holds the address that is
passed on, as a compiler that knows the function may expect.

A function that begins otherwise stays as it is.
"""

from __future__ import annotations

import functools
import mmap
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import elf
from mvx.elf import PT_LOAD
from mvx.layout import PLACE_SIZE
from mvx.pages import map_pages
from mvx.patterns import matches

if TYPE_CHECKING:
    from mvx.code import Area
    from mvx.kernel import Registers
    from mvx.placement import Placement
    from mvx.tasks import Task

_SYMBOL: Final = struct.Struct("<IBBHQQ")
"""Elf64_Sym: name, information, other, section, value, size."""
_SHT_DYNSYM: Final = 11
_ENDBR: Final = b"\xf3\x0f\x1e\xfa"
_ROTATE: Final = (
    b"\x48\x89\xf8\x48\xc1\xc8\x04",  # mov %rdi, %rax; ror $4, %rax (gcc)
    b"\x48\x89\xf8\x48\xc1\xc0\x3c",  # mov %rdi, %rax; rol $60, %rax (clang)
    b"\xc4\xe3\xfb\xf0\xc7\x04",  # rorx $4, %rdi, %rax (-march=x86-64-v3)
)
"""What compilers make of ``(p >> 4) | (p << 60)`` for the first argument."""
_JUMP: Final = b"\xe9"
_JUMP_SIZE: Final = 5
_MOVES: Final = {1: b"\x48\x89\xf8", 2: b"\x48\x89\xf0"}
"""By the number of an argument: mov %rdi, %rax; mov %rsi, %rax."""
_ADDS: Final = {1: b"\x48\x01\xc7", 2: b"\x48\x01\xc6"}
"""add %rax, %rdi; add %rax, %rsi."""
_LONGEST: Final = max(_JUMP_SIZE, *map(len, _ROTATE))
_PAGE: Final = 4096
_NEAR: Final = 1 << 24
_TRIED: Final = 16


class Function(NamedTuple):
    """A function of files whose names match a pattern."""

    pattern: str
    name: str
    argument: int
    meaning: str


class Beginning(NamedTuple):
    """Where in a file the first instructions of such a function are, and which."""

    place: int
    code: bytes
    argument: int


@functools.cache
def functions() -> list[Function]:
    """The lines of hashes.txt."""
    content = Path(__file__).with_name("hashes.txt").read_text(encoding="ascii")
    lines = [line for line in content.splitlines() if not line.startswith("#")]
    words = [line.split(None, 3) for line in lines]
    return [Function(word[0], word[1], int(word[2]), word[3]) for word in words]


def find(descriptor: int, path: str) -> tuple[Beginning, ...]:
    """The functions in an open file of that path. Raises OSError, ValueError, struct.error for one
    that cannot be read.
    """
    name = os.path.basename(path)
    known = [each for each in functions() if matches(name, each.pattern)]
    if not known:
        return ()
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        found = [beginning for each in known for beginning in _look(content, each)]
    return tuple(dict.fromkeys(found))


def _look(content: mmap.mmap, function: Function) -> list[Beginning]:
    """A function in a file, by the dynamic symbols of its name."""
    sections, _ = elf.sections(content)
    symbols = next((each for each in sections if each.kind == _SHT_DYNSYM), None)
    if symbols is None:
        return []
    names = sections[symbols.link]
    at = content.find(b"\0%s\0" % function.name.encode(), names.offset, names.offset + names.size)
    if at < 0:
        return []
    wanted = struct.pack("<I", at + 1 - names.offset)
    found = []
    each, end = symbols.offset - 1, symbols.offset + symbols.size
    while (each := content.find(wanted, each + 1, end)) >= 0:
        _, _, _, section, value, _ = _SYMBOL.unpack_from(content, each)
        if (each - symbols.offset) % _SYMBOL.size or not section:
            continue
        for segment in elf.segments(content):
            if segment.kind == PT_LOAD and 0 <= value - segment.address < segment.size:
                place = value - segment.address + segment.offset
                if content[place : place + len(_ENDBR)] == _ENDBR:
                    place += len(_ENDBR)
                code = _beginning(content[place : place + _LONGEST], function.argument)
                found += [Beginning(place, code, function.argument)] if code else []
    return found


def _beginning(code: bytes, argument: int) -> bytes:
    """The instructions that can be replaced, nothing if there are none."""
    if code.startswith(_JUMP):
        return code[:_JUMP_SIZE]
    return next((way for way in _ROTATE if argument == 1 and code.startswith(way)), b"")


class Hashing:
    """Leads such functions of followers to instructions of ours."""

    def __init__(self, placement: Placement, offsets: dict[str, int]) -> None:
        """`offsets`: of the agent's image."""
        self._placement = placement
        self._offsets = offsets

    def lead(self, task: Task, area: Area, current: Registers) -> None:
        """Change the functions in code that was just mapped, and that nobody has run yet; the task
        is stopped, with `current`.
        """
        space = task.space
        assert space is not None
        if not space.home:
            return
        target = 0
        for place, code, argument in area.file.hashes:
            address = place - area.offset + area.start
            is_there = area.start <= address <= area.end - len(code)
            if not is_there or space.memory.readable(address, len(code)) != code:
                continue
            target = target or self._page(task, area, current)
            if not target:
                return
            goes_on = address + len(code)
            if code.startswith(_JUMP):
                goes_on += int(struct.unpack_from("<i", code, 1)[0])
                instructions = self._pass_on(space.home, argument)
            else:
                instructions = self._rotate(space.home)
            distance = goes_on - (target + len(instructions) + _JUMP_SIZE)
            space.memory.write(target, instructions + _JUMP + struct.pack("<i", distance))
            jump = _JUMP + struct.pack("<i", target - address - _JUMP_SIZE)
            space.memory.write(address, jump)
            space.sites.bind(range(address, address + len(code)))
            target += len(instructions) + _JUMP_SIZE

    def _rotate(self, home: int) -> bytes:
        """Put the number of %rdi into %rax."""
        return b"".join(
            (
                self._distance(home, 1),
                b"\x72\x02",  # jb over the next
                b"\x31\xc0",  # xor %eax, %eax
                b"\x48\x01\xf8",  # add %rdi, %rax
                b"\x48\xc1\xc8\x04",  # ror $4, %rax
            )
        )

    def _pass_on(self, home: int, argument: int) -> bytes:
        """Change an argument."""
        return self._distance(home, argument) + b"\x73\x03" + _ADDS[argument]  # jae over the next

    def _distance(self, home: int, argument: int) -> bytes:
        """Put into %rax by how much an address in the zone would lie higher in the leader; "below"
        says whether an argument is one.
        """
        zone = self._placement.zone(home)
        distance, _ = self._placement.distances(home, 0)
        assert not zone.start % PLACE_SIZE
        bits = PLACE_SIZE.bit_length() - 1
        return b"".join(
            (
                _MOVES[argument],
                b"\x48\xc1\xe8" + struct.pack("<B", bits),  # shr $bits, %rax
                b"\x2d" + struct.pack("<I", zone.start >> bits),  # sub $first, %eax
                b"\x3d" + struct.pack("<I", len(zone) >> bits),  # cmp $count, %eax
                b"\x48\xb8" + struct.pack("<q", distance),  # mov $distance, %rax
            )
        )

    def _page(self, task: Task, area: Area, current: Registers) -> int:
        """An empty page within reach of an area; 0 where there is none."""
        assert task.space is not None
        for number in range(1, _TRIED):
            for page in (area.start - number * _NEAR & -_PAGE, area.end + number * _NEAR & -_PAGE):
                is_free = page >= _NEAR and not task.space.contains(page)
                if is_free and map_pages(task, self._offsets, [page], current):
                    return page
        return 0
