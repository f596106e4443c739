"""What is known of one address space's sites: which trapped, which are patched, and how."""

from __future__ import annotations

from collections.abc import Iterable

from mvx.code import Area, CodeMap
from mvx.layout import PAGES_MAX
from mvx.siteplan import Plan, Program


class SiteTable:
    """What is known of one address space's sites; fork copies it with the code."""

    program: Program | None = None
    placed: frozenset[int] = frozenset()
    """Those that it could."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.code = CodeMap()
        self.traps: dict[int, int] = {}
        """How often a site has trapped."""
        self.counted: dict[int, int] = {}
        """How often by what the statistics have heard; a forked child's starts with its
        parent's.
        """
        self.settled: set[int] = set()
        """Sites at which nothing more is to be tried."""
        self.patched: set[int] = set()
        """Sites patched at a trap."""
        self.pages: dict[int, bytearray] = {}
        """Trampoline pages and which of their bytes are taken."""
        self.plans: dict[int, Plan] = {}
        """By the start of an area: the plan by which it was patched when it was mapped."""
        self.rooms: dict[int, tuple[int, int]] = {}
        """By the start of an area: where there is room for trampolines yet."""
        self.planned: list[tuple[Plan, Area]] = []
        """Plans that were applied, and where, whose bytes are not in `bound` yet."""
        self.wanted: list[int] = []
        """Pages that the bootstrap is to map for trampolines."""
        self.rests: dict[int, int] = {}
        """Addresses between such a site and the agent, and the site."""
        self._bound: set[int] = set()

    def want(self, pages: Iterable[int]) -> None:
        """Let the bootstrap map pages, as many as it can."""
        self.wanted += list(pages)[: PAGES_MAX - len(self.wanted)]

    def copy(self) -> SiteTable:
        """The same for a child that got a copy of the memory."""
        copied = SiteTable()
        copied.code = self.code.copy()
        copied.program = self.program
        copied.traps = dict(self.traps)
        copied.counted = dict(self.traps)
        copied.settled = set(self.settled)
        copied.patched = set(self.patched)
        copied.pages = {page: bytearray(taken) for page, taken in self.pages.items()}
        copied.plans = dict(self.plans)
        copied.rooms = dict(self.rooms)
        copied.planned = list(self.planned)
        copied.rests = dict(self.rests)
        copied._bound = set(self._bound)
        return copied

    @property
    def bound(self) -> set[int]:
        """Bytes of code that patches depend on, or have changed. Asked for when a site traps, so
        not put together before.
        """
        for plan, area in self.planned:
            self._bound |= plan.bound(area)
        self.planned.clear()
        return self._bound

    def bind(self, addresses: Iterable[int]) -> None:
        """Add to :attr:`bound`."""
        self._bound.update(addresses)

    @property
    def is_patched(self) -> bool:
        """Whether any site is."""
        return bool(self.rests or self.plans)

    def forget(self, start: int, end: int) -> None:
        """Something else was mapped there."""
        for area in self.code.remove(start, end):
            self.plans.pop(area.start, None)
            self.rooms.pop(area.start, None)
        for numbers in (self.traps, self.counted, self.rests):
            for address in [address for address in numbers if start <= address < end]:
                del numbers[address]
        for places in (self.settled, self.patched, self.bound):
            places.difference_update([place for place in places if start <= place < end])

    def site_of(self, address: int) -> int | None:
        """The site from which a task came that stands at an address on the way to the agent."""
        site = self.rests.get(address)
        if site is None and self.plans:
            area = self.code.find(address)
            plan = self.plans.get(area.start) if area is not None else None
            if area is not None and plan is not None:
                offset = plan.rests.get(area.place(address))
                site = None if offset is None else offset - area.offset + area.start
        return site

    def rests_between(self, start: int, end: int) -> list[int]:
        """The addresses of a range at which a task is on the way from a site to the agent."""
        found = [rest for rest in self.rests if start <= rest < end]
        for area in self.code:
            plan = self.plans.get(area.start) if area.start < end and start < area.end else None
            places = () if plan is None else plan.rests
            found += [place - area.offset + area.start for place in places]
        return [rest for rest in found if start <= rest < end]
