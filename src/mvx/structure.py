"""Structures that Python and C share, declared once: offsets for Python, a header for C."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

_SIZES: Final = {"I": 4, "Q": 8}
_C_TYPES: Final = {"I": "uint32_t", "Q": "uint64_t"}


class Structure(NamedTuple):
    """Fields of a shared structure: name to (offset, struct format character, meaning)."""

    name: str
    size: int
    fields: dict[str, tuple[int, str, str]]

    def offset(self, field: str) -> int:
        """Offset of a field in bytes."""
        return self.fields[field][0]

    def pack(self, /, **values: int) -> bytes:
        """The whole structure as bytes; fields that are not named are zero."""
        content = bytearray(self.size)
        for field, value in values.items():
            offset, kind, _ = self.fields[field]
            struct.pack_into("<" + kind, content, offset, value)
        return bytes(content)

    def unpack(self, content: bytes) -> dict[str, int]:
        """All scalar fields of the structure's bytes."""
        return {
            field: struct.unpack_from("<" + kind, content, offset)[0]
            for field, (offset, kind, _) in self.fields.items()
            if len(kind) == 1
        }


def structure(name: str, *fields: tuple[str, str, str] | int) -> Structure:
    """Lay out fields (name, format, meaning) in order, naturally aligned; an int moves on to that
    offset. Formats are I and Q, with a count before the letter for an array.
    """
    offset = 0
    placed: dict[str, tuple[int, str, str]] = {}
    for field in fields:
        if isinstance(field, int):
            offset = field
            continue
        identifier, kind, meaning = field
        size = _SIZES[kind[-1]]
        offset = -(-offset // size) * size
        placed[identifier] = (offset, kind, meaning)
        offset += size * int(kind[:-1] or 1)
    return Structure(name, -(-offset // 8) * 8, placed)


def declaration(structures: Iterable[Structure]) -> list[str]:
    """The lines of a C header that declare structures: offsets for assembler, then the types, whose
    layout the compiler checks.
    """
    structures = tuple(structures)
    lines: list[str] = []
    for each in structures:
        prefix = each.name.upper()
        lines.append("")
        lines += [
            f"#define OFFSET_{prefix}_{name.upper()} {offset:#x}"
            for name, (offset, _, _) in each.fields.items()
        ]
    lines += ["", "#ifndef __ASSEMBLER__", "#include <stddef.h>", "#include <stdint.h>"]
    for each in structures:
        lines += ["", f"struct {each.name} {{"]
        end = 0
        for name, (offset, kind, meaning) in each.fields.items():
            if offset > end and offset - end >= _SIZES[kind[-1]]:
                lines.append(f"    uint8_t padding_{offset:x}[{offset - end}];")
            count = int(kind[:-1] or 1)
            suffix = f"[{count}]" if len(kind) > 1 else ""
            lines.append(f"    {_C_TYPES[kind[-1]]} {name}{suffix};  /* {meaning} */")
            end = offset + count * _SIZES[kind[-1]]
        lines.append("};")
        lines += [
            f'_Static_assert(offsetof(struct {each.name}, {name}) == {offset:#x}, "layout");'
            for name, (offset, _, _) in each.fields.items()
        ]
    return [*lines, "#endif"]
