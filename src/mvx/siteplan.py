"""What to write into a file's code when it is mapped, so that known sites never trap.

A plan is made once per program and file of code, from the memory of the first process that maps it,
in terms of file offsets: the same bytes are right wherever the file lies, in every variant. It is
applied a page at a time, and only if every page still has the bytes that the plan was made from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mvx import tactics
from mvx.code import Area
from mvx.layout import PAGES_MAX
from mvx.memory import Memory
from mvx.randomness import HLT
from mvx.sitecache import Sites
from mvx.tactics import TRAMPOLINE_SIZE, Change, Patch

_PAGE: Final = 4096
_LONGEST: Final = 8
"""A site so close to the end of its area is left alone."""
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
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
    """What to write into one area's code, and which pages it needs; everything in file offsets."""

    def __init__(self, faults: Iterable[int] = ()) -> None:
        """Nothing is to be written yet, but instructions at the places `faults` are to fault where
        they are not patched.
        """
        self._faults = sorted(faults)
        self.sites: set[int] = set()
        """The sites that will be patched."""
        self.rests: dict[int, int] = {}
        """Places between a site and the agent, and the site."""
        self._considered: set[int] = set()
        self._bound: set[int] = set()
        """Bytes that patches depend on, or have changed."""
        self._patches: list[Patch] = []
        self._trampolines: dict[int, bytearray] = {}
        """Pages of trampolines, and which of their bytes are taken."""
        self._refused: set[int] = set()
        """Pages that could not be mapped somewhere."""
        self._merged: list[Change] = []
        self._fresh: dict[int, bytes] = {}
        self._room: tuple[int, int] | None = None

    def extend(self, known: set[int], area: Area, memory: Memory) -> None:
        """Take more sites into the plan; `area` shows the file as it is."""
        new = known - self._considered
        if not new and self._room is not None:
            return
        self._considered |= new
        if self._room is None:
            start, end = room_of(area, memory)
            self._room = (area.place(start), area.place(end)) if end else (0, 0)
        for site in sorted(new):
            if not area.offset <= site < area.offset + area.size - _LONGEST:
                continue
            code, start = around(memory, area, site - area.offset + area.start)
            first = area.place(start)
            if not tactics.is_proven(code, site - first):
                continue
            patch = self._padded(code, first, site) or self._punned(code, first, site, area)
            if patch is not None:
                self._patches.append(patch)
                self._bound.update(patch.bound, (site, site + 1))
        self._finish(area, memory)

    def has(self, known: set[int]) -> bool:
        """Whether these sites have been taken into the plan, as far as that was possible."""
        return self._room is not None and known <= self._considered

    def _padded(self, code: bytes, start: int, site: int) -> Patch | None:
        target, end = self._room or (0, 0)
        if target + TRAMPOLINE_SIZE > end:
            return None
        patch = tactics.padded(code, start, site, target, self._bound)
        if patch is not None:
            self._room = target + TRAMPOLINE_SIZE, end
        return patch

    def _punned(self, code: bytes, start: int, site: int, area: Area) -> Patch | None:
        kind = tactics.kind_at(code, site - start)
        if kind is None or not self._bound.isdisjoint(range(site, site + 5)):
            return None
        distance = area.start - area.offset
        targets = tactics.punned_targets(site, code[site - start + 2 : site - start + 5])
        for target in targets:
            page, offset = target & -_PAGE, target % _PAGE
            taken = self._trampolines.get(page)
            if (
                offset + TRAMPOLINE_SIZE <= _PAGE
                and _LOWEST <= target + distance < _HIGHEST
                and not area.start - _PAGE < page + distance < area.end
                and page not in self._refused
                and not (taken is None and len(self._trampolines) == PAGES_MAX)
                and not (taken is not None and any(taken[offset : offset + TRAMPOLINE_SIZE]))
            ):
                if taken is None:
                    taken = self._trampolines[page] = bytearray(_PAGE)
                taken[offset : offset + TRAMPOLINE_SIZE] = b"\1" * TRAMPOLINE_SIZE
                return tactics.punned(kind, site, targets, target)
        return None

    def _finish(self, area: Area, memory: Memory) -> None:
        changes = [change for patch in self._patches for change in patch.changes]
        in_area = [change for change in changes if change.place & -_PAGE not in self._trampolines]
        self.sites = {patch.site for patch in self._patches}
        in_area += (
            Change(place, b"", HLT)
            for place in self._faults
            if place not in self.sites and area.offset <= place < area.offset + area.size
        )
        self._merged = _by_page(in_area, area, memory)
        self._fresh = self._trampoline_content()
        self.rests = {rest: patch.site for patch in self._patches for rest in patch.rests}

    def pages(self, area: Area) -> dict[int, bytearray]:
        """The pages that must be mapped before the plan is applied: addresses, and which of their
        bytes it takes.
        """
        distance = area.start - area.offset
        return {page + distance: bytearray(taken) for page, taken in self._trampolines.items()}

    def withdraw(self, pages: set[int], area: Area, memory: Memory) -> None:
        """Do without pages that could not be mapped, now and later."""
        if not pages:
            return
        gone = {page - area.start + area.offset for page in pages}
        self._patches = [
            patch for patch in self._patches if patch.changes[0].place & -_PAGE not in gone
        ]
        for page in gone:
            del self._trampolines[page]
        self._refused |= gone
        self._finish(area, memory)

    def apply(self, area: Area, memory: Memory) -> bool:
        """Write the plan into an area that nobody runs yet; False when the code is another."""
        distance = area.start - area.offset
        for place, old, _ in self._merged:
            if memory.readable(place + distance, len(old)) != old:
                return False
        for place, _, new in self._merged:
            memory.write(place + distance, new)
        for place, new in self._fresh.items():
            memory.write(place + distance, new)
        return bool(self._merged)

    def _trampoline_content(self) -> dict[int, bytes]:
        """What to write into the pages of trampolines, which are empty, by page."""
        pages: dict[int, bytearray] = {}
        for patch in self._patches:
            place, _, new = patch.changes[0]
            if place & -_PAGE in self._trampolines:
                page = pages.setdefault(place & -_PAGE, bytearray(_PAGE))
                page[place % _PAGE : place % _PAGE + len(new)] = new
        return {page: bytes(content) for page, content in pages.items()}

    def bound(self, area: Area) -> set[int]:
        """The addresses of bytes that must stay as they are in an area."""
        distance = area.start - area.offset
        return {place + distance for place in self._bound}

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

    def knows(self, file: str) -> bool:
        """Whether sites of a file, given by its key, are known."""
        return bool(self._known.get(file))

    def pages(self, area: Area) -> Iterable[int]:
        """The pages for trampolines that are needed in an area which is to be mapped; none if there
        is no plan yet, or one that may grow.
        """
        plan = self._plans.get((area.file.key, area.offset, area.size))
        if plan is None or not plan.has(self._known.get(area.file.key, set())):
            return ()
        return plan.pages(area)

    def plan(self, area: Area, memory: Memory) -> Plan | None:
        """What to write into an area that has just been mapped; None if there is nothing."""
        known = self._known.get(area.file.key, set())
        found = area.file.found
        if not known and not found.random and not found.stamps:
            return None
        key = area.file.key, area.offset, area.size
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = Plan((*found.random, *found.stamps))
        plan.extend(known, area, memory)
        return plan
