"""Leading a program's atomic instructions to the agent: a jump, or a trap, in place of each.

The jump leads to a *trampoline*, which says which instruction it stands for and goes on to the
agent::

    movl $index, %gs:atomic; jmp *%gs:entry_atomic

An instruction of five bytes or more has room for the jump. In a shorter one the last bytes of the
jump's distance are the first bytes of what follows, as they are ("punned", see tactics.py), and the
trampoline lies where that leads. Where nothing can be mapped there, and where the code jumps into
the instruction, past its prefix, a breakpoint takes its place, at which the supervisor sends the
task to the agent. All is written before the code can be run by two threads.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mvx.atomics import OPERATIONS, Atomic
from mvx.layout import ATOMICS_MAX, ORDER_OFFSET
from mvx.pages import map_pages
from mvx.records import ATOMIC, ORDER, TASK

if TYPE_CHECKING:
    from mvx.code import Area
    from mvx.kernel import Registers
    from mvx.tasks import Task

_PAGE: Final = 4096
_JUMP_SIZE: Final = 5
_JUMP: Final = b"\xe9"
_BREAKPOINT: Final = b"\xcc"
_MOVE: Final = b"\x65\xc7\x04\x25" + struct.pack("<I", TASK.offset("atomic"))
_LEAVE: Final = b"\x65\xff\x24\x25" + struct.pack("<I", TASK.offset("entry_atomic"))
_LEAVE_AT: Final = len(_MOVE) + 4
_TRAMPOLINE_SIZE: Final = _LEAVE_AT + len(_LEAVE)
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
_REACH: Final = 0x6000_0000
_TRIED: Final = 8
"""How many pages are tried for a trampoline."""


class Patching:
    """Leads the instructions of one area to the agent. The task is stopped, with `current`."""

    def __init__(self, task: Task, area: Area, offsets: dict[str, int], current: Registers) -> None:
        """`offsets`: of the agent's image."""
        assert task.space is not None
        self._task, self._space, self._area = task, task.space, area
        self._offsets, self._current = offsets, current
        self._sites = task.space.order.atomics
        self._starts: set[int] = set()
        """Addresses of all instructions that are to be patched."""

    def apply(self, found: list[Atomic], content: bytes) -> None:
        """Patch the instructions that lie in the area; `content` is the file's."""
        sites, memory, area = self._sites, self._space.memory, self._area
        first = sites.count
        described = bytearray()
        self._starts = {atomic.place - area.offset + area.start for atomic in found}
        for atomic in found:
            address = atomic.place - area.offset + area.start
            if not area.start <= address <= area.end - atomic.length:
                continue
            code = content[atomic.place : atomic.place + atomic.length]
            if (
                not atomic.operation
                or memory.readable(address, atomic.length) != code
                or address in self._space.sites.bound
                or sites.count >= ATOMICS_MAX
            ):
                sites.left += 1
                continue
            described += _describe(area, address, atomic)
            self._lead(address, atomic, sites.count)
            sites.count += 1
        place = self._space.base + ORDER_OFFSET + ORDER.offset("sites") + first * ATOMIC.size
        if described:
            memory.write(place, bytes(described))

    def _lead(self, address: int, atomic: Atomic, index: int) -> None:
        target = 0 if atomic.is_entered else self._target(address, atomic.length)
        memory = self._space.memory
        if not target:
            memory.write(address, _BREAKPOINT)
            self._sites.traps[address] = index
            return
        trampoline = _MOVE + struct.pack("<I", index) + _LEAVE
        memory.write(target, trampoline)
        jump = _JUMP + struct.pack("<i", target - address - _JUMP_SIZE)
        memory.write(address, jump[: atomic.length])
        table = self._space.sites
        table.bound.update(range(address, address + max(atomic.length, _JUMP_SIZE)))
        table.rests.update({target: address, target + _LEAVE_AT: address})

    def _target(self, address: int, length: int) -> int:
        """A free place for a trampoline to which a jump at an instruction can lead; 0: none."""
        window = self._window(address, length)
        for page, taken in self._sites.pages.items():
            found = _free(page, taken, window)
            if found:
                taken[found - page : found - page + _TRAMPOLINE_SIZE] = b"\1" * _TRAMPOLINE_SIZE
                return found
        for page in self._candidates(window):
            if page in self._sites.pages or not self._map(page):
                continue
            taken = self._sites.pages[page] = bytearray(_PAGE)
            found = _free(page, taken, window)
            if found:
                taken[found - page : found - page + _TRAMPOLINE_SIZE] = b"\1" * _TRAMPOLINE_SIZE
                return found
        return 0

    def _window(self, address: int, length: int) -> range:
        """The addresses to which a jump in an instruction of that length can lead."""
        if length >= _JUMP_SIZE:
            return range(max(_LOWEST, address - _REACH), address + _REACH)
        fixed = self._space.memory.readable(address + length, _JUMP_SIZE - length)
        bound = self._space.sites.bound
        needed = range(address + length, address + _JUMP_SIZE)
        if (
            len(fixed) < len(needed)
            or not bound.isdisjoint(needed)
            or not self._starts.isdisjoint(needed)
        ):
            return range(0)
        distance = int.from_bytes(bytes(length - 1) + fixed, "little", signed=True)
        first = address + _JUMP_SIZE + distance
        return range(first, first + 256 ** (length - 1))

    def _candidates(self, window: range) -> Iterator[int]:
        """Pages in a window, far from code where there is a choice."""
        first, last = window.start & -_PAGE, window.stop & -_PAGE
        area = self._area
        if first < area.start < last:
            near = 1 << 24
            pages = [
                page
                for number in range(1, _TRIED)
                for page in (area.start - number * near, area.end + number * near)
            ]
        else:
            step = max(_PAGE, (last - first) // _TRIED & -_PAGE)
            pages = list(range(first, last + 1, step))[:_TRIED]
        for page in pages:
            is_own = area.start - _PAGE < page < area.end
            if _LOWEST <= page < _HIGHEST and not is_own and not self._space.contains(page):
                yield page & -_PAGE

    def _map(self, page: int) -> bool:
        return bool(map_pages(self._task, self._offsets, [page], self._current))


def _free(page: int, taken: bytearray, window: range) -> int:
    """A free place for a trampoline in a page, inside of a window; 0 if there is none."""
    low = max(window.start - page, 0)
    high = min(window.stop - page, _PAGE - _TRAMPOLINE_SIZE + 1)
    if low >= high:
        return 0
    found = taken.find(bytes(_TRAMPOLINE_SIZE), low, high + _TRAMPOLINE_SIZE - 1)
    return page + found if found >= 0 else 0


def _describe(area: Area, address: int, atomic: Atomic) -> bytes:
    """The struct atomic of an instruction."""
    operation = OPERATIONS.index(atomic.operation)
    operands = (atomic.register, atomic.base, atomic.index_register, atomic.scale)
    return ATOMIC.pack(
        next=address + atomic.length,
        immediate=atomic.immediate & (1 << 64) - 1,
        displacement=atomic.displacement & 0xFFFFFFFF,
        identifier=zlib.crc32(f"{area.file.key}:{atomic.place}".encode()),
        registers=int.from_bytes(bytes(operands), "little"),
        kind=int.from_bytes(bytes((operation, atomic.size, atomic.length, atomic.width)), "little"),
    )
