"""Patching a site at a trap, in code that threads may be running.

A two-byte write inside a cache line is never seen torn (tried, research/interception.md 2.3).
Across lines it could be; there only the punned tactic is used, with the target that leaves the
second byte as it is, so that one byte changes. (A breakpoint for the moment would do, too, but its
signal takes SIGTRAP out of the mask of a thread that blocks it.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mvx import tactics
from mvx.code import Area
from mvx.kernel import Registers
from mvx.pages import map_pages
from mvx.randomness import HLT
from mvx.siteplan import around, room_of
from mvx.tactics import TRAMPOLINE_SIZE, Kind, Patch

if TYPE_CHECKING:
    from mvx.tasks import AddressSpace, Task

_PAGE: Final = 4096
_LINE: Final = 64
_TRAPS_BEFORE_PADDED: Final = 2
"""From the second trap on a patch that needs no mapping costs less than the traps it saves."""
_TRAPS_BEFORE_PUNNED: Final = 6
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
_PAGES_TRIED: Final = 16


class Patcher:
    """Patches sites of stopped tasks."""

    def __init__(self, offsets: dict[str, int]) -> None:
        """`offsets`: of the agent's image."""
        self._offsets = offsets

    def treat(self, task: Task, current: Registers, kind: Kind, site: int, count: int) -> str:
        """Patch a site that goes on trapping, if a patch fits and its time has come; return the
        tactic, empty for none. The task is stopped at the site, and gets its registers anew.
        """
        space = task.space
        assert space is not None
        if count < _TRAPS_BEFORE_PADDED:
            return ""
        table = space.sites
        area = table.code.find(site)
        if area is None or site + 8 > area.end:
            table.settled.add(site)
            return ""
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
            return tactic
        return ""

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
