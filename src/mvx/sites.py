"""Patching: the sites that trap become jumps into the agent.

Every site traps at first, and that is right for ever; a patch only makes it fast. There are two
occasions to make one:

- *when code is mapped*: the sites that trapped in earlier processes of the same program, in this
  run or, by the cache (sitecache.py), in former ones, are patched before anybody can run them. What
  to write is planned once per program and file and is the same wherever the file lies.
- *at a trap*, when the site has trapped before in this process.

tactics.py tells how, patching.py does it at a trap. Only code that a private mapping shows of a
file is patched, as long as it is as the file has it; never code that the program wrote itself.

Between site and agent a task stands at a jump or a trampoline for a moment; a signal that finds it
there is delivered at the site, as if the instruction had not begun, which it has not.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx import kernel, tactics
from mvx.code import Area, CodeFile, CodeFiles
from mvx.codescan import CodeScan
from mvx.hashing import Hashing
from mvx.kernel import Registers
from mvx.newimage import Mapping
from mvx.pages import map_pages
from mvx.patching import Patcher
from mvx.randomness import HLT, Instruction
from mvx.sitecache import SiteCache
from mvx.siteplan import Plan, Program
from mvx.sitereport import SiteReport
from mvx.sitetable import SiteTable
from mvx.tactics import Kind

if TYPE_CHECKING:
    from mvx.options import Options
    from mvx.placement import Placement
    from mvx.statistics import Statistics
    from mvx.tasks import AddressSpace, Task

_PAGE: Final = 4096


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
        self._patcher = Patcher(offsets)
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
        if tactic := self._patcher.treat(task, current, kind, site, count):
            self._report.patched[task.variant.index][tactic] += 1
        return False

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
