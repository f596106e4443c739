"""Patching: the sites that trap become jumps into the agent.

Every site traps at first, and that is right for ever; a patch only makes it fast. There are two
occasions to make one:

- *when code is mapped*: the sites that trapped in earlier processes of the same program, in this
  run or, by the cache (sitecache.py), in former ones, are patched before anybody can run them. What
  to write is planned once per program and file and is the same wherever the file lies.
- *at a trap*, when the site has trapped before in this process.

tactics.py tells how. Only code that a private mapping shows of a file is patched, as long as it is
as the file has it; never code that the program wrote itself.

Other threads may run the site while it is patched. A two-byte write inside a cache line is never
seen torn (tried, research/interception.md 2.3). Across lines it could be; there only the punned
tactic is used then, with the target that leaves the second byte as it is, so that one byte changes.
(A breakpoint for the moment would do, too, but its signal takes SIGTRAP out of the mask of a thread
that blocks it.)

Between site and agent a task stands at a jump or a trampoline for a moment; a signal that finds it
there is delivered at the site, as if the instruction had not begun, which it has not.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mvx import kernel, tactics
from mvx.code import Area, CodeFile, CodeFiles, CodeMap
from mvx.codescan import CodeScan
from mvx.hashing import Hashing
from mvx.kernel import Registers
from mvx.layout import PAGES_MAX
from mvx.newimage import Mapping
from mvx.pages import map_pages
from mvx.randomness import HLT, Instruction
from mvx.sitecache import SiteCache
from mvx.siteplan import Plan, Program, around, room_of
from mvx.sitereport import SiteReport
from mvx.tactics import TRAMPOLINE_SIZE, Kind, Patch

if TYPE_CHECKING:
    from mvx.options import Options
    from mvx.placement import Placement
    from mvx.statistics import Statistics
    from mvx.tasks import AddressSpace, Task

_PAGE: Final = 4096
_LINE: Final = 64
_TRAPS_BEFORE_PADDED: Final = 2
"""From the second trap on a patch that needs no mapping costs less than the traps it saves."""
_TRAPS_BEFORE_PUNNED: Final = 6
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
_PAGES_TRIED: Final = 16


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


class Sites:
    """Patches the sites of all address spaces of a run, and remembers which ones trapped."""

    def __init__(
        self,
        options: Options,
        statistics: Statistics,
        offsets: dict[str, int],
        placement: Placement,
    ) -> None:
        """Nothing is patched under --no-patch and --trace. `offsets`: of the agent's image."""
        self._offsets = offsets
        self._hashing = Hashing(placement, offsets)
        self.enabled = options.patch and options.trace is None
        scan = CodeScan(cached=options.site_cache) if self.enabled else None
        self._files = CodeFiles(scan=scan)
        self._cache = SiteCache(use=self.enabled and options.site_cache)
        self._programs: dict[str, Program] = {}
        self._report = SiteReport(options.variants, self._cache)
        statistics.add("sites", self._report)

    def save(self) -> None:
        """Keep what was learned."""
        for program in self._programs.values():
            if program.learned:
                self._cache.save(program.key, program.learned)
                program.learned = {}

    def close(self) -> None:
        """Forget the cache."""
        self._cache.close()
        self._files.close()

    # Mappings

    def starts(self, task: Task, space: AddressSpace, mappings: list[Mapping]) -> None:
        """A task will have this memory and code when it starts the program that it has executed:
        the program's, then the loader's.
        """
        for number, mapping in enumerate(mappings):
            link = f"/proc/{task.tid}/root{mapping.path}" if number else f"/proc/{task.tid}/exe"
            file = self._files.open(link, mapping.path, inode=mapping.inode)
            space.started.append((mapping, file))
            if file is None:
                continue
            if number == 0:
                space.sites.program = self._program(file)
            if self.enabled and space.sites.program is not None:
                space.sites.want(space.sites.program.pages(_area(mapping, file)))

    def started(self, task: Task) -> None:
        """It is about to start it."""
        assert task.space is not None
        current = kernel.registers(task.tid)
        for mapping, file in task.space.started:
            if file is not None:
                self._add(task, _area(mapping, file), current)

    def have_all_stamps(self, started: list[tuple[Mapping, CodeFile | None]]) -> bool:
        """Whether all instructions in such code are known that read the time stamp counter, and are
        replaced.
        """
        return self.enabled and all(
            file is not None and file.has_all_stamps(mapping.offset, mapping.end - mapping.start)
            for mapping, file in started
        )

    def _program(self, file: CodeFile) -> Program:
        program = self._programs.get(file.key)
        if program is None:
            program = self._programs[file.key] = Program(file.key, self._cache.load(file.key))
        return program

    def file(self, task: Task, descriptor: int) -> CodeFile | None:
        """The file behind a task's descriptor, for :meth:`mapped`."""
        link = f"/proc/{task.tid}/fd/{descriptor}"
        try:
            return self._files.open(link, os.readlink(link))
        except OSError:
            return None

    def knows(self, space: AddressSpace, file: CodeFile) -> bool:
        """Whether there is anything to patch when a file's code is mapped."""
        program = space.sites.program
        if file.hashes:
            return True
        if not self.enabled or program is None:
            return False
        return any(file.found[:2]) or program.knows(file.key)

    def random_at(self, space: AddressSpace, address: int) -> Instruction | None:
        """The instruction that gave a random number at an address, before it was replaced."""
        area = space.sites.code.find(address)
        return area.file.found.random.get(area.place(address)) if area is not None else None

    def stamp_at(self, space: AddressSpace, address: int) -> Kind | None:
        """The same of one that read the time stamp counter."""
        area = space.sites.code.find(address)
        return area.file.found.stamps.get(area.place(address)) if area is not None else None

    def mapped(
        self,
        task: Task,
        start: int,
        size: int,
        file: tuple[CodeFile, int] | None,
        current: Registers,
    ) -> None:
        """Memory became executable: a private mapping of a file, at that offset, or something else.

        `current` are the registers that the stopped task has, before and after.
        """
        assert task.space is not None
        table = task.space.sites
        end = start + (size + _PAGE - 1 & -_PAGE)
        if table.code.overlaps(start, end):
            self._count(task.variant.index, table)
            table.forget(start, end)
        if file is not None:
            self._add(task, Area(start, end, file[1], file[0]), current)

    def _add(self, task: Task, area: Area, current: Registers) -> None:
        assert task.space is not None
        table, memory = task.space.sites, task.space.memory
        table.code.add(area)
        if area.file.hashes:
            self._hashing.lead(task, area, current)
        if table.program is None or not self.enabled:
            return
        for place, instruction in area.file.found.random.items():
            address = place - area.offset + area.start
            table.bind(range(address, address + instruction.length))
        plan = table.program.plan(area, memory)
        if plan is not None and not self._apply(plan, task, area, current):
            _replace(area, task.space)

    def _apply(self, plan: Plan, task: Task, area: Area, current: Registers) -> bool:
        assert task.space is not None
        table, memory = task.space.sites, task.space.memory
        wanted = plan.pages(area)
        if wanted:
            mapped = table.placed.intersection(wanted)
            missing = [page for page in wanted if page not in table.placed]
            if missing:
                mapped |= map_pages(task, self._offsets, missing, current)
            plan.withdraw({page for page in wanted if page not in mapped}, area, memory)
            table.pages.update({page: wanted[page] for page in mapped})
        is_applied = plan.apply(area, memory)
        if is_applied:
            table.plans[area.start] = plan
            table.rooms[area.start] = plan.room(area)
            table.planned.append((plan, area))
            self._report.patched[task.variant.index]["known"] += len(plan.sites)
        return is_applied

    # Traps

    def trapped(self, task: Task, current: Registers, kind: Kind = tactics.SYSCALL) -> bool:
        """Count a trap, and patch the site if that pays. Whether that was all that will ever be
        done about this site, but counting.

        The task is stopped behind the system call, or at an instruction that faulted on purpose;
        the caller sets its registers anew in any case.
        """
        space = task.space
        assert space is not None
        site = current.rip - 2 if kind is tactics.SYSCALL else current.rip
        table = space.sites
        count = table.traps[site] = table.traps.get(site, 0) + 1
        if not self.enabled or site in table.settled:
            return True
        if count >= _TRAPS_BEFORE_PADDED:
            self._treat(task, current, kind, site, count)
        return False

    def _treat(self, task: Task, current: Registers, kind: Kind, site: int, count: int) -> None:
        """Patch a site that goes on trapping, if a patch fits and its time has come."""
        space = task.space
        assert space is not None
        table = space.sites
        area = table.code.find(site)
        if area is None or site + 8 > area.end:
            table.settled.add(site)
            return
        patch, tactic = None, "padded"
        if count == _TRAPS_BEFORE_PADDED:
            patch = _padded(space, area, site, _take_room(space, area))
        elif count >= _TRAPS_BEFORE_PUNNED:
            table.settled.add(site)
            registers = Registers.from_buffer_copy(current)
            patch, tactic = self._punned(task, site, registers), "punned"
            if patch is None:
                target = self._nearby(task, area, registers)
                patch, tactic = _padded(space, area, site, target), "padded"
        if patch is not None and patch.kind is kind:
            _write(space, patch)
            self._report.patched[task.variant.index][tactic] += 1

    def _punned(self, task: Task, site: int, current: Registers) -> Patch | None:
        """The punned tactic: find a displacement whose target is free."""
        space = task.space
        assert space is not None
        area = space.sites.code.find(site)
        assert area is not None
        code = space.memory.readable(site, 5)
        code = _original(area, code[:1], site) + code[1:]
        kind = tactics.kind_at(code, 0)
        bound = space.sites.bound
        if kind is None or len(code) < 5 or not bound.isdisjoint(range(site, site + 5)):
            return None
        targets = tactics.punned_targets(site, code[2:])
        # First the one at which the second byte stays as it is.
        for target in (targets[code[1]], *targets):
            patch = tactics.punned(kind, site, targets, target)
            if (
                _has_room(space, target)
                and _is_whole(space, patch)
                and self._provide(task, target & -_PAGE, current)
            ):
                return patch
        return None

    def _nearby(self, task: Task, area: Area, current: Registers) -> int:
        """A place for a trampoline within reach of an area, 0 if there is none."""
        assert task.space is not None
        for page, taken in task.space.sites.pages.items():
            if abs(page - area.start) < 1 << 30:
                offset = taken.find(bytes(TRAMPOLINE_SIZE))
                if offset >= 0:
                    return page + offset
        for number in range(1, _PAGES_TRIED):
            page = (area.start & -_PAGE) - number * (1 << 24)
            if page > _LOWEST and self._provide(task, page, current):
                return page
        return 0

    def _provide(self, task: Task, page: int, current: Registers) -> bool:
        """Map a page for trampolines; False when its place is taken."""
        assert task.space is not None
        pages = task.space.sites.pages
        if page not in pages:
            mapped = map_pages(task, self._offsets, [page], current)
            pages[page] = bytearray(_PAGE if page in mapped else 0)
        return bool(pages[page])

    def left(self, variant: int, space: AddressSpace) -> None:
        """An address space is about to be given up: count and learn."""
        self._count(variant, space.sites)

    def _count(self, variant: int, table: SiteTable) -> None:
        """Bring the traps of an address space into the statistics and the program's memory."""
        del variant
        learned: dict[str, set[int]] = {}
        for site, count in table.traps.items():
            new = count - table.counted.get(site, 0)
            if not new:
                continue
            area = table.code.find(site)
            file = area.file if area is not None else None
            place = area.place(site) if area is not None else 0
            self._report.traps(file, place, new, patched=site in table.patched)
            if file is not None:
                learned.setdefault(file.key, set()).add(place)
        table.counted = dict(table.traps)
        if table.program is not None:
            for key, places in learned.items():
                table.program.learn(key, places)


def _area(mapping: Mapping, file: CodeFile) -> Area:
    return Area(mapping.start, mapping.end, mapping.offset, file)


def _replace(area: Area, space: AddressSpace) -> None:
    """Let instructions fault that are to be replaced, where there is no plan by which to do it."""
    for place, instruction in (area.file.found.random | area.file.found.stamps).items():
        address = place - area.offset + area.start
        is_there = area.start <= address < area.end
        if is_there and (
            not isinstance(instruction, Kind)
            or space.memory.readable(address, len(instruction.code)) == instruction.code
        ):
            space.memory.write(address, HLT)


def _original(area: Area, code: bytes, start: int) -> bytes:
    """Code that was read at an address, as it was before instructions that read the time stamp
    counter were replaced.
    """
    found = bytearray(code)
    for place, kind in area.file.found.stamps.items():
        index = place - area.offset + area.start - start
        if 0 <= index < len(code) and code[index : index + 1] == HLT:
            found[index] = kind.code[0]
    return bytes(found)


def _padded(space: AddressSpace, area: Area, site: int, target: int) -> Patch | None:
    """The padded tactic, with a trampoline at `target` (0: there is no place for it)."""
    if not target:
        return None
    code, start = around(space.memory, area, site)
    code = _original(area, code, start)
    patch = tactics.padded(code, start, site, target, space.sites.bound)
    return patch if patch is not None and _is_whole(space, patch) else None


def _is_whole(space: AddressSpace, patch: Patch) -> bool:
    """Whether nobody can see half of a change that is seen at all.

    Trampolines, and what lies behind a jump over it, are not run while they are written.
    """
    return space.users == 1 or not any(
        len(new) == 2 and place % _LINE == _LINE - 1 for place, _, new in patch.changes
    )


def _take_room(space: AddressSpace, area: Area) -> int:
    """A place for a trampoline behind an area's code, 0 if there is none."""
    rooms = space.sites.rooms
    if area.start not in rooms:
        rooms[area.start] = room_of(area, space.memory)
    target, end = rooms[area.start]
    if target + TRAMPOLINE_SIZE > end:
        return 0
    rooms[area.start] = target + TRAMPOLINE_SIZE, end
    return target


def _has_room(space: AddressSpace, target: int) -> bool:
    page, offset = target & -_PAGE, target % _PAGE
    if (
        offset + TRAMPOLINE_SIZE > _PAGE
        or not _LOWEST <= target < _HIGHEST
        or space.contains(target)
    ):
        return False
    taken = space.sites.pages.get(page)
    return taken is None or not any(taken[offset : offset + TRAMPOLINE_SIZE])


def _write(space: AddressSpace, patch: Patch) -> None:
    """Make a patch in code that other threads may be running."""
    table = space.sites
    for place, _, new in patch.changes:
        space.memory.write(place, new)
    site = patch.site
    table.settled.add(site)
    table.patched.add(site)
    table.bound.update(patch.bound, (site, site + 1))
    table.rests.update(dict.fromkeys(patch.rests, site))
    target = patch.changes[0].place
    taken = table.pages.get(target & -_PAGE)
    if taken is not None:
        offset = target % _PAGE
        taken[offset : offset + TRAMPOLINE_SIZE] = b"\1" * TRAMPOLINE_SIZE
