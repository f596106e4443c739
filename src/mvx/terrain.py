"""The parts of the address space: where zones of code, agents and the barrier may lie.

What else lies there: natively the kernel's choices at 0x5500… (programs, brk) and below 0x7fff…
(stack, libraries); AddressSanitizer's shadow memory, which ends at 0x1000_7fff_8000
(compiler-rt/lib/asan/asan_mapping.h), and its allocator, 4 TiB from 0x6000_0000_0000 or from
0x5000_0000_0000 (asan_allocator.h, kAllocatorSpace). MemorySanitizer takes everything but three
parts, which are the program's: below 0x100_0000_0000, 0x5100… to 0x6000…, and from 0x7000… on
(lib/msan/msan.h, kMemoryLayout), of which its allocator has the first 4 TiB (msan_allocator.cpp).
Some programs want memory at addresses of their choice, where natively nothing is: Go from
0xc0_0000_0000, GHC a TiB from 0x42_0000_0000 (rts/posix/OSMem.c), CLISP from 0x1000_0000_0000 to
0x2000_0000_0000 (spvw_mmap.d).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import Final, NamedTuple


class Terrain(NamedTuple):
    """Lowest address, and the one behind the highest, of each part."""

    zones: tuple[int, int]
    """The variants' zones of code (placement.py)."""
    regions: tuple[int, int]
    """The agents' regions."""
    barrier: tuple[int, int]
    """Where the barrier begins, below which anonymous mappings lie."""


USUAL: Final = Terrain(
    zones=(0x2000_0000_0000, 0x4000_0000_0000),
    regions=(0x4000_0000_0000, 0x5000_0000_0000),
    barrier=(0x6500_0000_0000, 0x7C00_0000_0000),
)
NARROW: Final = Terrain(
    zones=(0x5800_0000_0000, 0x6000_0000_0000),
    regions=(0x7400_0000_0000, 0x7800_0000_0000),
    barrier=(0x7A00_0000_0000, 0x7C00_0000_0000),
)
"""For runs in which MemorySanitizer looks at a variant: four variants at most."""
_TAKES_MUCH: Final = b"\0__msan_init\0"
"""A symbol of its runtime, which lies in the program's file."""


def terrain(programs: Iterable[str]) -> Terrain:
    """Where things may lie when the variants execute these files first."""
    return NARROW if any(map(_takes_much, set(programs))) else USUAL


def _takes_much(program: str) -> bool:
    try:
        with (
            open(program, "rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            return content[:4] == b"\x7fELF" and content.find(_TAKES_MUCH) >= 0
    except (OSError, ValueError):
        return False
