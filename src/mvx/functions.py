"""Where the functions of a file of code begin, and what is data, as far as it tells.

The psABI asks for a description (FDE) of every function in .eh_frame, and the linker writes a
table of them, ordered by address, into .eh_frame_hdr, to which PT_GNU_EH_FRAME leads (LSB Core,
"Exception Frames"). Compilers keep it for programs that never throw anything; Go writes none.

Linkers that do not separate code (gold, ld with -z noseparate-code) put tables of constants into
the segment that is executed; only the sections tell them apart. Some compilers put tables between
functions (GHC, before each), and describe none of them.
"""

from __future__ import annotations

import mmap
import struct
from typing import Final

from mvx import elf
from mvx.elf import PT_LOAD, Segment

_PT_GNU_EH_FRAME: Final = 0x6474E550
_HEADER: Final = b"\x01\x1b\x03\x3b"
"""Version 1, relative pointer, 4-byte count, pairs of 4 bytes relative to the header: what the
linkers write.
"""
_SHT_NOBITS: Final = 8
_SHF_EXECINSTR: Final = 4
_TABLE: Final = 12
_ENTRY: Final = struct.Struct("<ii")
_RANGE: Final = struct.Struct("<8xiI")
"""Of an FDE with 4-byte relative pointers, which is what goes with such a table: the function's
begin relative to this field, and its size.
"""


class Functions:
    """The functions of one file."""

    def __init__(self, content: mmap.mmap | bytes, segments: list[Segment]) -> None:
        """`segments` are all of the file's; one without a table, or another kind of table, tells
        nothing.
        """
        self._content = content
        self._loaded = [each for each in segments if each.kind == PT_LOAD]
        self._table = 0
        self._base = 0
        self._count = 0
        self._code: list[tuple[int, int]] | None = None
        for each in segments:
            head = content[each.offset : each.offset + len(_HEADER)]
            if each.kind == _PT_GNU_EH_FRAME and head == _HEADER:
                self._table, self._base = each.offset + _TABLE, each.address
                self._count = struct.unpack_from("<I", content, each.offset + 8)[0]

    def is_data(self, place: int) -> bool:
        """Whether a place of the file is in none of the sections that hold code."""
        if self._code is None:
            sections, _ = elf.sections(self._content)
            self._code = [
                (each.offset, each.offset + each.size)
                for each in sections
                if each.flags & _SHF_EXECINSTR and each.kind != _SHT_NOBITS
            ]
        return bool(self._code) and not any(low <= place < high for low, high in self._code)

    def is_between(self, place: int) -> bool:
        """Whether the file tells of functions, and of none around a place."""
        return bool(self._count) and self.start(place) is None

    def start(self, place: int) -> int | None:
        """The place in the file of the first instruction of the function around a place; None where
        the file tells of none.
        """
        address = self._shift(place, to_address=True)
        if address is None or not self._count:
            return None
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._entry(middle)[0] <= address:
                low = middle + 1
            else:
                high = middle
        if not low:
            return None
        start, description = self._entry(low - 1)
        at = self._shift(description, to_address=False)
        if at is None:
            return None
        begin, size = _RANGE.unpack_from(self._content, at)
        if begin + description + 8 != start or address >= start + size:
            return None
        return self._shift(start, to_address=False)

    def _entry(self, index: int) -> tuple[int, int]:
        """The addresses of a function and of its description."""
        start, description = _ENTRY.unpack_from(self._content, self._table + index * _ENTRY.size)
        return start + self._base, description + self._base

    def _shift(self, value: int, *, to_address: bool) -> int | None:
        for each in self._loaded:
            first, other = each.offset, each.address
            if not to_address:
                first, other = other, first
            if first <= value < first + each.size:
                return value - first + other
        return None
