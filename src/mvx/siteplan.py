"""What to write into a file's code when it is mapped, so that known sites never trap.

A plan is made once per program and file of code, from the memory of the first process that maps it,
in terms of file offsets: the same bytes are right wherever the file lies, in every variant. It is
applied a page at a time, and only if every page still has the bytes that the plan was made from.
"""

from __future__ import annotations

from typing import Final

from mvx import tactics
from mvx.code import Area
from mvx.memory import Memory
from mvx.sitecache import Sites
from mvx.tactics import TRAMPOLINE_SIZE, Change

_PAGE: Final = 4096
_FILLINGS: Final = (b"\0", b"\xcc")
"""What linkers fill the last page of code with."""


def room_of(area: Area, memory: Memory) -> tuple[int, int]:
    """The addresses behind the code, in its last page, that hold nothing but filling; (0, 0): none.

    Room that holds something may be data that the linker put into the same page.
    """
    first, last = area.file.room(area.offset, area.end - area.start)
    if not last:
        return 0, 0
    start = first - area.offset + area.start
    content = memory.readable(start, last - first)
    is_filling = len(content) == last - first and content[:1] * len(content) == content
    return (start, start + len(content)) if is_filling and content[:1] in _FILLINGS else (0, 0)


def around(memory: Memory, area: Area, site: int) -> tuple[bytes, int]:
    """The code around a site, as far as the area reaches, and the address of its first byte."""
    start = max(area.start, site - tactics.BEFORE)
    return memory.readable(start, min(area.end, site + tactics.AFTER) - start), start


class Plan:
    """What to write into one area's code; everything in file offsets."""

    def __init__(self) -> None:
        """Nothing is to be written yet."""
        self.sites: dict[int, str] = {}
        """The sites that will be patched, and their instructions."""
        self.rests: dict[int, int] = {}
        """Places between a site and the agent, and the site."""
        self._considered: set[int] = set()
        self._paddings: set[int] = set()
        self._changes: list[Change] = []
        self._pages: list[Change] = []
        self._room: tuple[int, int] | None = None

    def extend(self, known: set[int], area: Area, memory: Memory) -> None:
        """Take more sites into the plan; `area` shows the file as it is."""
        new = known - self._considered
        if not new:
            return
        self._considered |= new
        if self._room is None:
            start, end = room_of(area, memory)
            self._room = (area.place(start), area.place(end)) if end else (0, 0)
        size = area.end - area.start
        for site in sorted(new):
            target, end = self._room
            if not area.offset <= site < area.offset + size or target + TRAMPOLINE_SIZE > end:
                continue
            code, start = around(memory, area, site - area.offset + area.start)
            first = area.place(start)
            if not tactics.is_proven(code, site - first):
                continue
            patch = tactics.padded(code, first, site, target, self._paddings)
            if patch is None:
                continue
            self._room = target + TRAMPOLINE_SIZE, end
            self._paddings.update(patch.padding)
            self.sites[site] = patch.kind.name
            self.rests.update(dict.fromkeys(patch.rests, site))
            self._changes += patch.changes
        self._pages = _by_page(self._changes, area, memory)

    def apply(self, area: Area, memory: Memory) -> bool:
        """Write the plan into an area that nobody runs yet; False when the code is another."""
        distance = area.start - area.offset
        for place, old, _ in self._pages:
            if memory.readable(place + distance, len(old)) != old:
                return False
        for place, _, new in self._pages:
            memory.write(place + distance, new)
        return bool(self._pages)

    def room(self, area: Area) -> tuple[int, int]:
        """The addresses at which there is room for more trampolines in an area."""
        start, end = self._room or (0, 0)
        return start - area.offset + area.start, end - area.offset + area.start


def _by_page(changes: list[Change], area: Area, memory: Memory) -> list[Change]:
    """The changes of each page in one piece, with what lies between them as it is."""
    pages: dict[int, dict[int, int]] = {}
    for place, _, new in changes:
        for offset, byte in enumerate(new, place):
            pages.setdefault(offset & -_PAGE, {})[offset] = byte
    merged = []
    for written in pages.values():
        first, last = min(written), max(written)
        old = memory.read(first - area.offset + area.start, last + 1 - first)
        content = bytearray(old)
        for place, byte in written.items():
            content[place - first] = byte
        merged.append(Change(first, old, bytes(content)))
    return merged


class Program:
    """One program: the sites that its processes used, now and in earlier runs."""

    def __init__(self, key: str, known: Sites) -> None:
        """`key` is that of its file; `known` comes from the cache."""
        self.key = key
        self.learned: Sites = {}
        """What is not in the cache yet."""
        self._known = known
        self._plans: dict[tuple[str, int, int], Plan] = {}

    def learn(self, file: str, sites: set[int]) -> None:
        """Sites of a file, given by its key, have trapped."""
        known = self._known.setdefault(file, set())
        new = sites - known
        if new:
            known |= new
            self.learned.setdefault(file, set()).update(new)

    def plan(self, area: Area, memory: Memory) -> Plan | None:
        """What to write into an area that has just been mapped; None if nothing is known of it."""
        known = self._known.get(area.file.key)
        if not known:
            return None
        plan = self._plans.setdefault((area.file.key, area.offset, area.end - area.start), Plan())
        plan.extend(known, area, memory)
        return plan
