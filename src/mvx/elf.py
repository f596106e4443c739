"""The few parts of an ELF file that mvx reads at every start (elf(5)).

pyelftools reads all of them, and its import alone takes longer than starting a variant does; where
more is wanted, in a report or for `mvx cc`, it is used.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
"""Elf64_Ehdr."""
PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")
"""Elf64_Phdr: type, flags, offset, virtual and physical address, size in the file and in memory,
alignment.
"""
_SECTION_HEADER: Final = struct.Struct("<IIQQQQIIQQ")
PT_LOAD: Final = 1
PT_NOTE: Final = 4
_NOTE: Final = struct.Struct("<III")
_NT_GNU_BUILD_ID: Final = 3


MAGIC: Final = b"\x7fELF"


class Note(NamedTuple):
    """A note: its owner with the ending zero, its type, its content."""

    owner: bytes
    kind: int
    content: bytes


class Segment(NamedTuple):
    """A program header; `size` is that in the file, `space` that in memory."""

    kind: int
    flags: int
    offset: int
    address: int
    size: int
    space: int


class Section(NamedTuple):
    """A section header (Elf64_Shdr); `name` is its place in the names' section."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int


def segments(content: bytes | mmap.mmap) -> Iterator[Segment]:
    """The segments of a whole file; raises struct.error where it is cut short."""
    header = HEADER.unpack_from(content)
    end = header[5] + header[10] * PROGRAM_HEADER.size
    if end > len(content):
        message = f"the program headers end at {end}, the content at {len(content)}"
        raise struct.error(message)
    for kind, flags, offset, address, _, size, space, _ in PROGRAM_HEADER.iter_unpack(
        content[header[5] : end]
    ):
        yield Segment(kind, flags, offset, address, size, space)


def sections(content: bytes | mmap.mmap) -> tuple[list[Section], int]:
    """The sections of a whole file, and the index of that which has their names; none of a file of
    another kind.
    """
    if content[: len(MAGIC)] != MAGIC or len(content) < HEADER.size:
        return [], 0
    header = HEADER.unpack_from(content)
    start, size, count, names = header[6], header[11], header[12], header[13]
    if size != _SECTION_HEADER.size or start + size * count > len(content):
        return [], 0
    table = content[start : start + size * count]
    return [Section(*each[:7]) for each in _SECTION_HEADER.iter_unpack(table)], names


def is_elf(path: str) -> bool:
    """Whether a file begins as an ELF file does; raises OSError where it cannot be read."""
    with open(path, "rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def notes(segment: bytes) -> Iterator[Note]:
    """The notes of a PT_NOTE segment, as far as its bytes are there."""
    at = 0
    while at + _NOTE.size <= len(segment):
        owner_size, size, kind = _NOTE.unpack_from(segment, at)
        owner = at + _NOTE.size
        content = owner + (owner_size + 3 & -4)
        yield Note(segment[owner : owner + owner_size], kind, segment[content : content + size])
        at = content + (size + 3 & -4)


def build_id(segment: bytes) -> bytes:
    """The build-id in a PT_NOTE segment, empty if there is none."""
    found = (
        note.content
        for note in notes(segment)
        if (note.kind, note.owner) == (_NT_GNU_BUILD_ID, b"GNU\0")
    )
    return next(found, b"")
