"""What is known of one address space's sites: which trapped, which are patched, and how."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from mvx.code import Area, CodeMap
from mvx.layout import PAGES_MAX
from mvx.siteplan import Plan, Program


@dataclasses.dataclass
class SiteTable:
    """What is known of one address space's sites; fork copies it with the code."""

    code: CodeMap = dataclasses.field(default_factory=CodeMap)
    program: Program | None = None
    traps: dict[int, int] = dataclasses.field(default_factory=dict)
    """How often a site has trapped."""
    counted: dict[int, int] = dataclasses.field(default_factory=dict)
    """How often by what the statistics have heard; a forked child's starts with its parent's."""
    settled: set[int] = dataclasses.field(default_factory=set)
    """Sites at which nothing more is to be tried."""
    patched: set[int] = dataclasses.field(default_factory=set)
    """Sites patched at a trap."""
    pages: dict[int, bytearray] = dataclasses.field(default_factory=dict)
    """Trampoline pages and which of their bytes are taken."""
    plans: dict[int, Plan] = dataclasses.field(default_factory=dict)
    """By the start of an area: the plan by which it was patched when it was mapped."""
    rooms: dict[int, tuple[int, int]] = dataclasses.field(default_factory=dict)
    """By the start of an area: where there is room for trampolines yet."""
    planned: list[tuple[Plan, Area]] = dataclasses.field(default_factory=list)
    """Plans that were applied, and where, whose bytes are not in `bound` yet."""
    wanted: list[int] = dataclasses.field(default_factory=list)
    """Pages that the bootstrap is to map for trampolines."""
    placed: frozenset[int] = frozenset()
    """Those that it could."""
    rests: dict[int, int] = dataclasses.field(default_factory=dict)
    """Addresses between such a site and the agent, and the site."""
    _bound: set[int] = dataclasses.field(default_factory=set)

    def want(self, pages: Iterable[int]) -> None:
        """Let the bootstrap map pages, as many as it can."""
        self.wanted += list(pages)[: PAGES_MAX - len(self.wanted)]

    def copy(self) -> SiteTable:
        """The same for a child that got a copy of the memory."""
        return SiteTable(
            self.code.copy(),
            self.program,
            dict(self.traps),
            dict(self.traps),
            set(self.settled),
            set(self.patched),
            {page: bytearray(taken) for page, taken in self.pages.items()},
            dict(self.plans),
            dict(self.rooms),
            list(self.planned),
            rests=dict(self.rests),
            _bound=set(self._bound),
        )

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
