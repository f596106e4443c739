"""Instructions in files of code that would tell variants apart, looked for once per file.

What was found in large files is kept in the user's cache for later runs (sitecache.py).
"""

from __future__ import annotations

import mmap
from typing import Final, NamedTuple

from mvx import elf, randomness, stamps
from mvx.elf import PT_LOAD, Segment
from mvx.functions import Functions
from mvx.randomness import Instruction
from mvx.sitecache import SiteCache
from mvx.tactics import Kind

_EXECUTE: Final = 1
_LARGE: Final = 1 << 16
"""Looking through so many bytes takes a millisecond."""
_HEADERS_SIZE: Final = 1 << 16
"""A file with its program headers farther back raises struct.error, and counts as unknown."""
_NOTHING: Final = 0
_DOUBT: Final = 1
"""Places in a file's cache that say that nothing was found, or that there may be more instructions
that read the time stamp counter; no code is there.
"""


class Found(NamedTuple):
    """What is in one file."""

    random: dict[int, Instruction]
    """Instructions that give random numbers, by their place in the file, if they are to be
    replaced.
    """
    stamps: dict[int, Kind]
    """Instructions that read the time stamp counter."""
    spans: tuple[tuple[int, int], ...]
    """The parts of the file, first and end, in which no others read it."""


class CodeScan:
    """Looks into files."""

    def __init__(self, *, cached: bool) -> None:
        """`cached`: whether the user's cache is used."""
        self._cached = cached
        self._cache: SiteCache | None = None
        self._replaces_random = randomness.is_visible()

    def close(self) -> None:
        """Forget the cache."""
        if self._cache is not None:
            self._cache.close()

    def look(self, descriptor: int, name: str, size: int) -> Found:
        """Look into an open file; `name`: its build-id or what stands for that. Raises OSError,
        ValueError, struct.error for one that cannot be read.
        """
        if not size:
            return Found({}, {}, ())
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as content:
            if content[: len(elf.MAGIC)] != elf.MAGIC:
                return Found({}, {}, ())
            segments = list(elf.segments(content[:_HEADERS_SIZE]))
            parts = [each for each in segments if each.kind == PT_LOAD and each.flags & _EXECUTE]
            functions = Functions(content, segments)
            places = self._known(name) if size >= _LARGE else None
            if places is None:
                places = _find(content, parts, functions)
                if size >= _LARGE:
                    self._cache_used().save(name, {name: places})
            else:
                places = _proven(content, places, parts, functions)
            return self._decode(content, places, parts)

    def _cache_used(self) -> SiteCache:
        if self._cache is None:
            self._cache = SiteCache("instructions", use=self._cached)
        return self._cache

    def _known(self, name: str) -> set[int] | None:
        return self._cache_used().load(name).get(name)

    def _decode(self, content: mmap.mmap, places: set[int], parts: list[Segment]) -> Found:
        found = Found({}, {}, ())
        for place in sorted(places - {_NOTHING, _DOUBT}):
            kind = stamps.at(content, place)
            instruction = randomness.at(content, place)
            if kind is not None:
                found.stamps[place] = kind
            elif instruction is not None and self._replaces_random:
                found.random[place] = instruction
        if _DOUBT in places:
            return found
        return found._replace(spans=tuple((each.offset, each.offset + each.size) for each in parts))


def _proven(
    content: mmap.mmap, places: set[int], parts: list[Segment], functions: Functions
) -> set[int]:
    """What the cache says of a file, without the instructions that the file does not show."""
    proven = places & {_NOTHING, _DOUBT}
    for place in places - proven:
        first = max((each.offset for each in parts if each.offset <= place), default=place)
        if stamps.at(content, place) is None:
            answer: bool | None = randomness.is_code(place, functions)
        else:
            answer = stamps.is_instruction(content, place, first, functions)
        if answer:
            proven.add(place)
        elif answer is None:
            proven.add(_DOUBT)
    return proven


def _find(content: mmap.mmap, parts: list[Segment], functions: Functions) -> set[int]:
    places: set[int] = set()
    for each in parts:
        first, end = each.offset, each.offset + each.size
        places.update(randomness.find(content, first, end, functions))
        found, is_complete = stamps.find(content, first, end, functions)
        places.update(found)
        if not is_complete:
            places.add(_DOUBT)
    return places or {_NOTHING}
