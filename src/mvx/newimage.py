"""What the kernel made of a file that a task has executed, before its first instruction."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import procfs
from mvx.elf import HEADER, MAGIC, PROGRAM_HEADER, PT_LOAD, Segment, segments
from mvx.stack import AT_BASE, AT_PHDR, InitialStack

if TYPE_CHECKING:
    from mvx.memory import Memory

_PAGE: Final = 4096
_HEADERS_READ: Final = 1024
"""What is read at once: the ELF header and the program headers of nearly every image."""


class Mapping(NamedTuple):
    """A line of /proc/PID/maps; `inode`: device and inode of the file, (0, 0) without one."""

    start: int
    end: int
    rights: str
    offset: int
    inode: tuple[int, int]
    path: str


class Segments(NamedTuple):
    """The segments of an ELF image in memory."""

    base: int
    """Where the ELF header lies."""
    is_movable: bool
    """The image is position-independent."""
    content: list[Segment]

    @property
    def first(self) -> int:
        """The address that the first byte of the image is linked to."""
        loaded = [each.address for each in self.content if each.kind == PT_LOAD]
        return min(loaded, default=0) & -_PAGE

    @property
    def end(self) -> int:
        """The address behind the last page that it is linked to; 0 if nothing is loaded."""
        loaded = [each.address + each.space for each in self.content if each.kind == PT_LOAD]
        return max(loaded, default=0) + _PAGE - 1 & -_PAGE

    @property
    def span(self) -> tuple[int, int]:
        """From where to where the image lies, if it can be moved; else (0, 0)."""
        if not self.is_movable or not self.end:
            return 0, 0
        return self.base, self.base + self.end - self.first


class NewImage:
    """One task's new image: each fact is read once."""

    def __init__(self, tid: int, memory: Memory, pointer: int) -> None:
        """Look at it; `pointer` is the first stack pointer."""
        self.tid = tid
        self.memory = memory
        self.stack = InitialStack(memory, pointer)
        self.name = os.path.basename(os.readlink(f"/proc/{tid}/exe"))
        """The last part of the path of the file."""
        self.areas = mappings(tid)
        self.program = _segments(memory, self.stack.auxiliary(AT_PHDR) - HEADER.size)
        self.record = procfs.record(tid)
        loader = self.stack.auxiliary(AT_BASE)
        self.loader = _segments(memory, loader) if loader else _NO_SEGMENTS


def mappings(tid: int) -> list[Mapping]:
    """The mappings of a task, in order."""
    found = []
    for line in os.fsdecode(procfs.read(tid, "maps")).splitlines():
        span, rights, offset, device, number, *path = line.split(None, 5)
        start, _, end = span.partition("-")
        major, _, minor = device.partition(":")
        inode = os.makedev(int(major, 16), int(minor, 16)), int(number)
        place = int(start, 16), int(end, 16)
        found.append(Mapping(*place, rights, int(offset, 16), inode, path[0] if path else ""))
    return found


_NO_SEGMENTS: Final = Segments(0, is_movable=False, content=[])


def _segments(memory: Memory, base: int) -> Segments:
    """The segments of the image whose ELF header lies there, if its program headers follow it."""
    content = memory.readable(base, _HEADERS_READ)
    size, count = struct.unpack_from("<HH", content.ljust(HEADER.size, b"\0"), 54)
    if not content.startswith(MAGIC) or size != PROGRAM_HEADER.size:
        return _NO_SEGMENTS
    end = HEADER.size + size * count
    if end > len(content):
        content = memory.readable(base, end)
    try:
        found = list(segments(content))
    except struct.error:
        return _NO_SEGMENTS
    return Segments(base, content[16:18] == b"\x03\x00", found)
