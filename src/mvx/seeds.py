"""Which images draw their random numbers from AT_RANDOM.

A C library takes canaries from there, which may differ between the variants: nobody lets them out.
The Go runtime seeds its generator with it (runtime/proc.go, randinit; runtime/runtime2.go), and
with that decides which goroutine runs next and in which order a map is walked: there the variants
need the same bytes. Its linker marks every image with an ELF note of the owner "Go"
(cmd/internal/buildid).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mvx.memory import Memory

_OWNERS: Final = frozenset({b"Go\0\0"})
_HEADER: Final = struct.Struct("<IIQQQQQQ")
_NOTE: Final = struct.Struct("<III")
_PT_LOAD: Final = 1
_PT_NOTE: Final = 4
_PT_PHDR: Final = 6
_ELF_HEADER_SIZE: Final = 64
_NOTES_MAX: Final = 4096


def draws_from_stack(memory: Memory, headers: int, count: int) -> bool:
    """Whether the image whose program headers lie at an address seeds its generator so."""
    content = memory.read(headers, min(count, 64) * _HEADER.size)
    segments = [
        (kind, address, size) for kind, _, _, address, _, size, _, _ in _HEADER.iter_unpack(content)
    ]
    first = next((address for kind, address, _ in segments if kind == _PT_LOAD), 0)
    own = next(
        (address for kind, address, _ in segments if kind == _PT_PHDR), first + _ELF_HEADER_SIZE
    )
    return any(
        _has_owner(memory.read(address + headers - own, min(size, _NOTES_MAX)))
        for kind, address, size in segments
        if kind == _PT_NOTE
    )


def _has_owner(notes: bytes) -> bool:
    at = 0
    while at + _NOTE.size <= len(notes):
        name_size, size, _ = _NOTE.unpack_from(notes, at)
        at += _NOTE.size
        if notes[at : at + name_size] in _OWNERS:
            return True
        at += -(-name_size // 4) * 4 + -(-size // 4) * 4
    return False
