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
from mvx.elf import PT_NOTE

if TYPE_CHECKING:
    from mvx.memory import Memory
    from mvx.newimage import Segments

_OWNERS: Final = frozenset({b"Go\0\0"})
_NOTES_MAX: Final = 4096


def draws_from_stack(memory: Memory, image: Segments) -> bool:
    """Whether an image in memory seeds its generator so."""
    distance = image.base - image.first
    return any(
        _has_owner(memory.readable(each.address + distance, min(each.space, _NOTES_MAX)))
        for each in image.content
        if each.kind == PT_NOTE
    )


def _has_owner(segment: bytes) -> bool:
    return any(note.owner in _OWNERS for note in elf.notes(segment))
