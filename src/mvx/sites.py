"""Patching: a call site that traps again and again becomes a jump into the agent.

Only the two bytes ``0f 05`` are overwritten, so no instruction moves, nobody can land in the middle
of something new, and rip - 2 still names the site (restarts, core dumps). Two tactics, tried in
order:

- *punned jump*: ``e9 XX`` followed by the next three code bytes as they are. These are the high
bytes of the displacement, so
  the target is one of 256 consecutive addresses, at a distance that the code itself dictates; a
  page is mapped there.
- *padding*: a short jump into a no-operation instruction of at least seven bytes within reach,
which becomes a jump over
  itself and a near jump to a page of our choice.

Else the trap stays, which is slower and equally right. The trampoline loads the return address as
the kernel would and jumps through the task's slot: ``lea site+2(%rip), %rcx; jmp *%gs:entry``.

A two-byte write inside a cache line is never seen torn (tried on this machine,
research/interception.md 2.3); a site across two lines is patched only while a single task runs in
the address space. Only private file mappings are patched, never code that the program wrote itself.
"""

from __future__ import annotations

import dataclasses
import os
import struct
from typing import TYPE_CHECKING, Final

from mvx import kernel
from mvx.kernel import MASK, Registers
from mvx.layout import TASK
from mvx.placement import code_areas

if TYPE_CHECKING:
    from mvx.tasks import AddressSpace, Task

SYSCALL: Final = b"\x0f\x05"
_PAGE: Final = 4096
_LINE: Final = 64
_TRAPS_BEFORE_PATCH: Final = 6
_MMAP: Final = 9
_PROT_READ_EXEC: Final = 5
_MAP_FLAGS: Final = 0x100022
"""MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE."""
_TRAMPOLINE_SIZE: Final = 15
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
_NOPS: Final = (b"\x0f\x1f\x84\x00\x00\x00\x00\x00", b"\x0f\x1f\x80\x00\x00\x00\x00")
_PREFIXES: Final = (b"\x66", b"\x2e")
"""Before a no-operation instruction they belong to it; before a short jump they would change it."""
_ATTEMPTS: Final = 20
_SHORT_REACH: Final = 120
_PAGES_TRIED: Final = 16


@dataclasses.dataclass
class SiteTable:
    """What is known of one address space's call sites; fork copies it with the code."""

    traps: dict[int, int] = dataclasses.field(default_factory=dict)
    """How often a site has trapped; a site that cannot be patched is kept at -1."""
    pages: dict[int, bytearray] = dataclasses.field(default_factory=dict)
    """Trampoline pages and which of their bytes are taken."""
    areas: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    """Executable private file mappings, as last read."""
    patched: int = 0

    def copy(self) -> SiteTable:
        """The same for a child that got a copy of the memory."""
        pages = {page: bytearray(taken) for page, taken in self.pages.items()}
        return SiteTable(dict(self.traps), pages, list(self.areas), self.patched)


class _PlaceTakenError(Exception):
    """A trampoline page could not be mapped, and the trapped call is used up for trying."""


def trapped(task: Task, current: Registers) -> bool:
    """Count a trap; patch the site when it has trapped often enough. The task is stopped at it.

    Returns True when the task runs on already: it makes its call again, for another attempt.
    """
    space = task.space
    assert space is not None
    site = current.rip - 2
    table = space.sites
    count = table.traps.get(site, 0)
    if count < 0:
        return False
    table.traps[site] = count + 1
    if count + 1 < _TRAPS_BEFORE_PATCH:
        return False
    table.traps[site] = -1
    if (site % _LINE == _LINE - 1 and space.users > 1) or not _is_file_code(task, space, site):
        return False
    try:
        if space.memory.readable(site, 2) == SYSCALL and (
            _pun(task, space, site, current) or _pad(task, space, site, current)
        ):
            table.patched += 1
    except _PlaceTakenError:
        if count < _TRAPS_BEFORE_PATCH + _ATTEMPTS:
            table.traps[site] = count + 1
        _call_again(task, current)
        return True
    return False


def _call_again(task: Task, current: Registers) -> None:
    """Put a task whose call became an mmap back before its call: it will trap there again."""
    again = Registers.from_buffer_copy(current)
    again.rip = current.rip - 2
    again.rax = current.orig_rax
    again.orig_rax = MASK
    kernel.set_registers(task.tid, again)
    kernel.resume(task.tid)


def _is_file_code(task: Task, space: AddressSpace, site: int) -> bool:
    table = space.sites
    if not any(start <= site < end for start, end in table.areas):
        table.areas = code_areas(task.tid)
    return any(start <= site < end - 8 for start, end in table.areas)


def _pun(task: Task, space: AddressSpace, site: int, current: Registers) -> bool:
    """The punned jump: find a displacement whose target is free."""
    following = space.memory.readable(site + 2, 3)
    if len(following) < 3:
        return False
    first = site + 5 + struct.unpack("<i", b"\0" + following)[0]
    for offset in range(256):
        target = first + offset
        if _has_room(space, target) and _provide_page(task, space, target, current):
            _write_trampoline(space, target, site)
            space.memory.write(site, bytes((0xE9, offset)))
            return True
    return False


def _pad(task: Task, space: AddressSpace, site: int, current: Registers) -> bool:
    """A short jump into a long no-operation instruction nearby."""
    start = site + 2 - _SHORT_REACH
    code = space.memory.readable(start, 2 * _SHORT_REACH)
    for nop in _NOPS:
        position = code.find(nop)
        while position >= 0:
            place = start + position
            if (
                not place - 2 < site < place + len(nop)
                and code[position - 1 : position] not in _PREFIXES
                and abs(place + 2 - (site + 2)) < _SHORT_REACH
            ):
                target = _nearby(task, space, place, current)
                if target:
                    _write_trampoline(space, target, site)
                    jump = b"\xe9" + struct.pack("<i", target - (place + 7))
                    space.memory.write(place + 2, jump)
                    space.memory.write(place, bytes((0xEB, len(nop) - 2)))
                    space.memory.write(site, b"\xeb" + struct.pack("<b", place + 2 - (site + 2)))
                    return True
            position = code.find(nop, position + 1)
    return False


def _nearby(task: Task, space: AddressSpace, place: int, current: Registers) -> int:
    """A free trampoline within reach of a near jump, 0 if there is none."""
    for page, taken in space.sites.pages.items():
        if abs(page - place) < 1 << 30:
            offset = taken.find(bytes(_TRAMPOLINE_SIZE))
            if offset >= 0:
                return page + offset
    area = next((area for area in space.sites.areas if area[0] <= place < area[1]), None)
    if area is None:
        return 0
    for number in range(1, _PAGES_TRIED):
        page = (area[0] & -_PAGE) - number * (1 << 24)
        if page > _LOWEST and _provide_page(task, space, page, current):
            return page
    return 0


def _has_room(space: AddressSpace, target: int) -> bool:
    page, offset = target & -_PAGE, target % _PAGE
    if (
        offset + _TRAMPOLINE_SIZE > _PAGE
        or not _LOWEST <= target < _HIGHEST
        or space.contains(target)
    ):
        return False
    taken = space.sites.pages.get(page)
    return taken is None or not any(taken[offset : offset + _TRAMPOLINE_SIZE])


def _provide_page(task: Task, space: AddressSpace, target: int, current: Registers) -> bool:
    """Map the trampoline page of an address by turning the trapped call into mmap.

    False when the place is known to be taken, _PlaceTakenError when it turns out to be.
    """
    page = target & -_PAGE
    pages = space.sites.pages
    if page in pages:
        return bool(pages[page])
    call = Registers.from_buffer_copy(current)
    call.orig_rax = _MMAP
    call.rdi, call.rsi, call.rdx, call.r10 = page, _PAGE, _PROT_READ_EXEC, _MAP_FLAGS
    call.r8, call.r9 = MASK, 0
    kernel.set_registers(task.tid, call)
    kernel.resume(task.tid, to_syscall_exit=True)
    _, status = os.waitpid(task.tid, kernel.WALL)
    if not os.WIFSTOPPED(status):
        task.status = status
        raise kernel.TaskGoneError(task.tid)
    mapped = bool(kernel.registers(task.tid).rax == page)
    pages[page] = bytearray(_PAGE if mapped else 0)
    if not mapped:
        raise _PlaceTakenError
    return True


def _write_trampoline(space: AddressSpace, target: int, site: int) -> None:
    code = b"\x48\x8d\x0d" + struct.pack("<i", site + 2 - (target + 7))
    code += b"\x65\xff\x24\x25" + struct.pack("<i", TASK.offset("entry"))
    space.memory.write(target, code)
    taken = space.sites.pages[target & -_PAGE]
    offset = target % _PAGE
    taken[offset : offset + len(code)] = b"\1" * len(code)
