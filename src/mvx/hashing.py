"""Functions that make a number of an address: they give followers the leader's.

Code and static data of a variant lie in a zone of its own (placement.py). A program that hashes an
address in it, and shows what follows from that, would diverge: Python orders sets by the hashes of
their elements, and that of a type, of a built-in function or of ``None`` is the element's address.
The functions are data (hashes.txt). What compilers make of ``(p >> 4) | (p << 60)`` for the first
argument is looked for at the beginning of each; it becomes a jump to the same instructions behind
some that bring an address of the follower's zone into the leader's. No other register changes, as
a compiler that knows the function may expect.

A function that begins otherwise stays as it is.
"""

from __future__ import annotations

import fnmatch
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

if TYPE_CHECKING:
    from mvx.code import Area
    from mvx.kernel import Registers
    from mvx.placement import Placement
    from mvx.tasks import Task

_SYMBOL: Final = struct.Struct("<IBBHQQ")
"""Elf64_Sym: name, information, other, section, value, size."""
_SHT_DYNSYM: Final = 11
_ENDBR: Final = b"\xf3\x0f\x1e\xfa"
_WAYS: Final = (
    b"\x48\x89\xf8\x48\xc1\xc8\x04",  # mov %rdi, %rax; ror $4, %rax (gcc)
    b"\x48\x89\xf8\x48\xc1\xc0\x3c",  # mov %rdi, %rax; rol $60, %rax (clang)
    b"\xc4\xe3\xfb\xf0\xc7\x04",  # rorx $4, %rdi, %rax (-march=x86-64-v3)
)
_JUMP: Final = b"\xe9"
_JUMP_SIZE: Final = 5
_PAGE: Final = 4096
_NEAR: Final = 1 << 24
_TRIED: Final = 16


class Function(NamedTuple):
    """A function of files whose names match a pattern."""

    pattern: str
    name: str
    meaning: str


class Beginning(NamedTuple):
    """Where in a file such a function makes its number, and the instructions by which."""

    place: int
    code: bytes


@functools.cache
def functions() -> list[Function]:
    """The lines of hashes.txt."""
    content = Path(__file__).with_name("hashes.txt").read_text(encoding="ascii")
    lines = [line for line in content.splitlines() if not line.startswith("#")]
    return [Function(*line.split(None, 2)) for line in lines]


def find(descriptor: int, path: str) -> tuple[Beginning, ...]:
    """The functions in an open file of that path. Raises OSError, ValueError, struct.error for one
    that cannot be read.
    """
    name = os.path.basename(path)
    names = [each.name for each in functions() if fnmatch.fnmatchcase(name, each.pattern)]
    if not names:
        return ()
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        return tuple(dict.fromkeys(each for name in names for each in _look(content, name)))


def _look(content: mmap.mmap, name: str) -> list[Beginning]:
    """A function in a file, by the dynamic symbols of its name."""
    sections, _ = elf.sections(content)
    symbols = next((each for each in sections if each.kind == _SHT_DYNSYM), None)
    if symbols is None:
        return []
    names = sections[symbols.link]
    at = content.find(b"\0%s\0" % name.encode(), names.offset, names.offset + names.size)
    if at < 0:
        return []
    wanted = at + 1 - names.offset
    found = []
    for each in range(symbols.offset, symbols.offset + symbols.size, _SYMBOL.size):
        name_at, _, _, section, value, _ = _SYMBOL.unpack_from(content, each)
        if name_at != wanted or not section:
            continue
        for segment in elf.segments(content):
            if segment.kind == PT_LOAD and 0 <= value - segment.address < segment.size:
                place = value - segment.address + segment.offset
                if content[place : place + len(_ENDBR)] == _ENDBR:
                    place += len(_ENDBR)
                begin = content[place : place + max(map(len, _WAYS))]
                found += [Beginning(place, code) for code in _WAYS if begin.startswith(code)]
    return found


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
        for place, code in area.file.hashes:
            address = place - area.offset + area.start
            is_there = area.start <= address <= area.end - len(code)
            if not is_there or space.memory.readable(address, len(code)) != code:
                continue
            target = target or self._page(task, area, current)
            if not target:
                return
            instructions = self._instructions(space.home)
            back = address + len(code) - (target + len(instructions) + _JUMP_SIZE)
            space.memory.write(target, instructions + _JUMP + struct.pack("<i", back))
            jump = _JUMP + struct.pack("<i", target - address - _JUMP_SIZE)
            space.memory.write(address, jump)
            space.sites.bind(range(address, address + len(code)))
            target += len(instructions) + _JUMP_SIZE

    def _instructions(self, home: int) -> bytes:
        """Put the number of %rdi into %rax."""
        zone = self._placement.zone(home)
        distance, _ = self._placement.distances(home, 0)
        assert not zone.start % PLACE_SIZE
        bits = PLACE_SIZE.bit_length() - 1
        return b"".join(
            (
                b"\x48\x89\xf8",  # mov %rdi, %rax
                b"\x48\xc1\xe8" + struct.pack("<B", bits),  # shr $bits, %rax
                b"\x2d" + struct.pack("<I", zone.start >> bits),  # sub $first, %eax
                b"\x3d" + struct.pack("<I", len(zone) >> bits),  # cmp $count, %eax
                b"\x48\xb8" + struct.pack("<q", distance),  # mov $distance, %rax
                b"\x72\x02",  # jb over the next
                b"\x31\xc0",  # xor %eax, %eax
                b"\x48\x01\xf8",  # add %rdi, %rax
                b"\x48\xc1\xc8\x04",  # ror $4, %rax
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
