"""Which images draw their random numbers from AT_RANDOM.

A C library takes canaries from there, which may differ between the variants: nobody lets them out.
The Go runtime seeds its generator with it (runtime/proc.go, randinit; runtime/runtime2.go), and
with that decides which goroutine runs next and in which order a map is walked: there the variants
need the same bytes. Its linker marks every image with an ELF note of the owner "Go"
(cmd/internal/buildid).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mvx import elf
from mvx.elf import HEADER, PROGRAM_HEADER, PT_LOAD, PT_NOTE, PT_PHDR

if TYPE_CHECKING:
    from mvx.memory import Memory

_OWNERS: Final = frozenset({b"Go\0\0"})
_NOTES_MAX: Final = 4096


def draws_from_stack(memory: Memory, headers: int, count: int) -> bool:
    """Whether the image whose program headers lie at an address seeds its generator so."""
    content = memory.read(headers, min(count, 64) * PROGRAM_HEADER.size)
    segments = [
        (kind, address, size)
        for kind, _, _, address, _, size, _, _ in PROGRAM_HEADER.iter_unpack(content)
    ]
    first = next((address for kind, address, _ in segments if kind == PT_LOAD), 0)
    own = next((address for kind, address, _ in segments if kind == PT_PHDR), first + HEADER.size)
    return any(
        _has_owner(memory.read(address + headers - own, min(size, _NOTES_MAX)))
        for kind, address, size in segments
        if kind == PT_NOTE
    )


def _has_owner(segment: bytes) -> bool:
    return any(note.owner in _OWNERS for note in elf.notes(segment))
