"""Where a variant's memory lies: what differs between the variants, and what must not.

Code differs: every variant has a zone of its own for the program's image and every file that it
maps, so that no address is executable in two variants. Inside the zones the low 32 bits are the
same, and so are the addresses of anonymous mappings and of the brk heap: programs take entropy from
addresses and let it out (bash derives $RANDOM from the low half of a function's address, OpenSSL
puts pthread_self() and the heap address of its generator into the generator's nonce, Python orders
sets by the addresses of their elements). Stack, loader, canaries and pointer guard stay each
variant's own, from the kernel's randomisation.

The kernel places mappings below the lowest of those that it made at exec, highest address first. So
a *barrier*, one mapping without rights from a common address up to that lowest one, makes it place
them equally everywhere from then on. The brk is set with PR_SET_MM_MAP (prctl(2); Linux 3.18, no
privilege, CONFIG_CHECKPOINT_RESTORE). See docs/decisions/0001-common-anonymous-layout.md.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx.layout import MOVES_MAX

if TYPE_CHECKING:
    from mvx.injection import AuxiliaryVector
    from mvx.tasks import Task

_SLOT: Final = 1 << 33
"""A punned jump reaches 2 GiB to both sides of its file (sites.py): nothing else may lie there."""
_ZONE_SLOTS: Final = 256
_FIRST_SLOTS: Final = 64
"""A zone begins at one of its first slots, so that more bits than the zone's differ; the order of
image
and files is the same in all variants, since programs compare such addresses."""
_ZONES_LOW: Final = 0x0100_0000_0000
_ZONES_HIGH: Final = 0x4000_0000_0000
"""Below the agents' regions (monitor._REGION_LOW)."""
_BARRIER_LOW: Final = 0x6000_0000_0000
_BARRIER_HIGH: Final = 0x7C00_0000_0000
_BRK_LOW: Final = 0x5500_0000_0000
_BRK_HIGH: Final = 0x5800_0000_0000
"""Above the agents' regions, below the barrier: where the heap of a position-independent program
natively lies.
"""
_PAGE: Final = 4096
_AT_PHDR: Final = 3
_ELF_HEADER_SIZE: Final = 64
_PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")


class Plan(NamedTuple):
    """What the bootstrap does to a new image: moves of (old, size, new), all by `distance`, and the
    barrier.
    """

    moves: list[tuple[int, int, int]]
    distance: int
    barrier: int
    barrier_size: int
    memory_map: tuple[int, ...]
    """struct prctl_mm_map, all zero where the kernel's brk stays."""


class Placement:
    """The addresses of one run, all from its seed."""

    def __init__(self, seed: int, variants: int) -> None:
        """Choose the zones, the barrier and the low halves."""
        self._seed = seed
        generator = random.Random(f"{seed}/placement")  # noqa: S311 - the seed is random
        zones = (_ZONES_HIGH - _ZONES_LOW) // (_SLOT * _ZONE_SLOTS)
        chosen = generator.sample(range(zones), variants)
        self._zones = [_ZONES_LOW + zone * _SLOT * _ZONE_SLOTS for zone in chosen]
        self._first_slots = generator.sample(range(_FIRST_SLOTS), variants)
        self._brk = generator.randrange(_BRK_LOW, _BRK_HIGH, _PAGE)
        self._barrier = generator.randrange(_BARRIER_LOW, _BARRIER_HIGH, _PAGE)

    def file_address(self, variant: int, index: int) -> int:
        """Where a variant maps its index-th file; 0, the kernel's choice, when the zone is full."""
        if index + 1 >= _ZONE_SLOTS - _FIRST_SLOTS:
            return 0
        return self._address(variant, index + 1)

    def _address(self, variant: int, slot: int) -> int:
        place = slot + self._first_slots[variant]
        return self._zones[variant] + place * _SLOT + _SLOT // 4 + self._low(slot)

    def _low(self, index: int) -> int:
        generator = random.Random(f"{self._seed}/{index}")  # noqa: S311 - the seed is random
        return generator.randrange(0x1000_0000, 0x7000_0000, _PAGE)

    def plan(self, task: Task, auxiliary: AuxiliaryVector) -> Plan:
        """What to move in the new image of a task at the exit of its exec."""
        areas = _areas(task.tid)
        headers = auxiliary.get(_AT_PHDR)
        moves: list[tuple[int, int, int]] = []
        distance = 0
        span = _span(task.tid, headers)
        image = [area for area in areas if span[0] <= area[0] < span[1]]
        if 0 < len(image) <= MOVES_MAX:
            new = self._address(task.variant.index, 0)
            distance = new - image[0][0]
            moves = [(start, end - start, start + distance) for start, end in image]
        above = [start for start, _ in areas if start > self._barrier]
        size = min(above) - self._barrier if above else 0
        memory_map = _memory_map(task.tid, distance, self._brk)
        return Plan(moves, distance, self._barrier if size else 0, size, memory_map)


def _memory_map(tid: int, distance: int, brk: int) -> tuple[int, ...]:
    """The kernel's own record of the image (proc_pid_stat(5), fields 26 to 28 and 45 to 51), moved,
    with another brk.
    """
    content = Path(f"/proc/{tid}/stat").read_bytes()
    fields = content[content.rindex(b")") + 2 :].split()
    code = [int(field) for field in fields[23:25]]
    stack = int(fields[25])
    start_data, end_data, _, *strings = (int(field) for field in fields[42:49])
    if not all((*code, stack, start_data, end_data, *strings)):
        return (0,) * 13
    moved = [address + distance for address in (*code, start_data, end_data)]
    no_descriptor = 0xFFFFFFFF << 32
    return (*moved, brk, brk, stack, *strings, 0, no_descriptor)


def _areas(tid: int) -> list[tuple[int, int]]:
    """The mappings of a task, in order."""
    content = Path(f"/proc/{tid}/maps").read_text(encoding="utf-8", errors="replace")
    found = []
    for line in content.splitlines():
        start, _, end = line.partition(" ")[0].partition("-")
        found.append((int(start, 16), int(end, 16)))
    return found


def code_areas(tid: int) -> list[tuple[int, int]]:
    """The executable private file mappings of a task, in order."""
    content = Path(f"/proc/{tid}/maps").read_text(encoding="utf-8", errors="replace")
    found = []
    for line in content.splitlines():
        fields = line.split(maxsplit=5)
        if fields[1] == "r-xp" and len(fields) == 6 and fields[5].startswith("/"):
            start, _, end = fields[0].partition("-")
            found.append((int(start, 16), int(end, 16)))
    return found


def _span(tid: int, headers: int) -> tuple[int, int]:
    """From where to where a position-independent image lies, by its program headers; (0, 0) for one
    that cannot move.

    `headers` is the address of the program headers (AT_PHDR), which follow the ELF header.
    """
    with open(f"/proc/{tid}/mem", "rb") as memory:
        memory.seek(headers - _ELF_HEADER_SIZE)
        header = memory.read(_ELF_HEADER_SIZE)
        size, count = struct.unpack_from("<HH", header, 54)
        is_movable = header[:4] == b"\x7fELF" and header[16:18] == b"\x03\x00"
        if not is_movable or size != _PROGRAM_HEADER.size:
            return 0, 0
        content = memory.read(size * count)
    segments = [
        (address, address + length)
        for kind, _, _, address, _, _, length, _ in _PROGRAM_HEADER.iter_unpack(content)
        if kind == 1
    ]
    if not segments:
        return 0, 0
    first = min(start for start, _ in segments) & -_PAGE
    last = max(end for _, end in segments)
    base = headers - _ELF_HEADER_SIZE
    return base, base + (last - first + _PAGE - 1 & -_PAGE)
