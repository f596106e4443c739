"""Where a variant's memory lies: what differs between the variants, and what must not.

Code differs: every variant has a zone of its own for the program's image, its loader and every
ELF file that it maps, so that no address is executable in two variants. Inside the zones the low 32
bits of image and files are the same, and so are the addresses of other files, of anonymous mappings
and of the brk heap: programs take entropy from addresses and let it out (bash derives $RANDOM from
the low half of a function's address, OpenSSL puts pthread_self() and the heap address of its
generator into the generator's nonce, Python orders sets by the addresses of their elements, Go
keeps a hash table of all that it has mapped, by address). The stack is each variant's own, from the
kernel's randomisation, with low bits chosen so that they differ. Without a diversification
(diversity.py) all variants share a zone, or the place of their stack, which is random as before.

The kernel places mappings below the lowest of those that it made at exec, highest address first. So
a *barrier*, one mapping without rights from a common address up to that lowest one, makes it place
them equally everywhere from then on; another fills the hole that the loader leaves. The brk is set
with PR_SET_MM_MAP (prctl(2); Linux 3.18, no privilege, CONFIG_CHECKPOINT_RESTORE). See
docs/decisions/0001-common-anonymous-layout.md.
"""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import diversity, procfs
from mvx.errors import UsageError
from mvx.layout import CODE_PLACES, DATA_PLACES, MOVES_MAX, PLACE_SIZE, VDSO_OFFSET, VDSO_SIZE
from mvx.newimage import Mapping
from mvx.records import PLACES_TABLE
from mvx.stack import AT_ENTRY, RESIDUES
from mvx.terrain import USUAL, Terrain

if TYPE_CHECKING:
    from mvx.newimage import NewImage
    from mvx.tasks import Variant

_SLOT: Final = PLACE_SIZE
"""A punned jump reaches 2 GiB to both sides of its file (sites.py): nothing else may lie there."""
_ZONE_SLOTS: Final = 256
_FIRST_SLOTS: Final = 64
"""A zone begins at one of its first slots, so that more bits than the zone's differ; the order of
image and files is the same in all variants, since programs compare such addresses."""
_LOADER_SLOT: Final = _ZONE_SLOTS - _FIRST_SLOTS - 1
"""The last: the loader's low bits are each variant's own, nobody takes entropy from them."""
_BRK_LOW: Final = 0x5500_0000_0000
_BRK_HIGH: Final = 0x5800_0000_0000
"""Above the agents' regions, below the barrier: where the heap of a position-independent program
natively lies.
"""
_BRK_DISTANCE: Final = 0x0200_0000
"""That of a program which cannot move lies behind it, at most so far (arch_randomize_brk in
arch/x86/kernel/process.c): Lisps with the heap in their file need it there.
"""
_ADDR_NO_RANDOMIZE: Final = 0x0040000
_DATA_LOW: Final = 0x5900_0000_0000
_DATA_HIGH: Final = 0x5A00_0000_0000
"""Mapped files that hold no code, above the heap: usual for all sanitizers' programs, too."""
_STACK_LOW: Final = 0x7FFC_0000_0000
_STACK_HIGH: Final = 0x7FFF_F000_0000
"""Where the kernel puts the upper ends of stacks: within 16 GiB of the highest address."""
_LOW_HALVES: Final = (0x1000_0000, 0x7000_0000)
"""Where in the second quarter of its slot a file begins."""
_ASIDE: Final = 0x5F00_0000_0000
"""Nothing lies here when a program starts: a stop on the way of a stack that moves a little."""
_PAGE: Final = 4096
_VDSO: Final = ("[vvar]", "[vvar_vclock]", "[vdso]")
"""Linux 6.14 has the second; older ones have its pages in the first."""


class Plan(NamedTuple):
    """What the bootstrap does to a new image: moves of (old, size, new), and the barrier."""

    moves: list[tuple[int, int, int]]
    image: int
    """By how much the image moves."""
    loader: int
    """By how much the loader moves."""
    stack: int
    """By how much the stack moves."""
    stack_start: int
    """Its lowest address before that."""
    stack_alike: bool
    """It lies at the same place in all variants."""
    home: int
    """The variant in whose zone the code lies: its own, or the leader's in all variants."""
    barrier: int
    barrier_size: int
    hole: tuple[int, int]
    """Address and size of the place that the loader leaves, or zeros."""
    memory_map: tuple[int, ...]
    """struct prctl_mm_map, all zero where the kernel's brk stays."""
    code: list[Mapping]
    """The executable private mappings of files, after the moves: the program's, then the loader's.
    """
    vdso: list[tuple[int, int, int]]
    """More moves, in one piece, which may fail: the vDSO, at the end, and its data."""


class Placement:
    """The addresses of one run, all from its seed."""

    def __init__(
        self, seed: int, variants: int, diversify: Sequence[str], terrain: Terrain = USUAL
    ) -> None:
        """Choose the zones, the barrier and the low halves; `diversify`: what is to differ. Raises
        UsageError where there is no room for so many zones.
        """
        self._seed = seed
        self._diversify = diversify
        generator = random.Random(f"{seed}/placement")  # noqa: S311 - the seed is random
        low, high = terrain.zones
        zones = (high - low) // (_SLOT * _ZONE_SLOTS)
        if variants > zones:
            message = f"MemorySanitizer leaves room for {zones} variants"
            raise UsageError(message, fix=f"-n {zones}, or less")
        chosen = generator.sample(range(zones), variants)
        self._zones = [low + zone * _SLOT * _ZONE_SLOTS for zone in chosen]
        self._first_slots = generator.sample(range(_FIRST_SLOTS), variants)
        self._brk = generator.randrange(_BRK_LOW, _BRK_HIGH, _PAGE)
        self._brk_distance = generator.randrange(0, _BRK_DISTANCE, _PAGE)
        self._barrier = generator.randrange(*terrain.barrier, _PAGE)
        self._stack = generator.randrange(_STACK_LOW, _STACK_HIGH, _PAGE)
        self._data = generator.randrange(_DATA_LOW, _DATA_HIGH, _PAGE)
        self._files = [generator.randrange(*_LOW_HALVES, _PAGE) for _ in range(CODE_PLACES)]
        self._places: dict[int, bytes] = {}
        self._lows: dict[str, int] = {}
        self._residues: dict[int, int] = {}
        self._lowest_bytes = generator.sample(range(0, 256, 16), min(variants, 16))

    def home(self, variant: int, name: str) -> int:
        """The variant in whose zone a variant's code lies while it executes a file of that name."""
        return variant if "layout" in diversity.for_program(self._diversify, name) else 0

    def file_address(self, home: int, index: int) -> int:
        """Where the index-th file is mapped; 0, the kernel's choice, when the zone is full."""
        if index >= CODE_PLACES:
            return 0
        return self._start(home) + (index + 1) * _SLOT + _SLOT // 4 + self._files[index]

    def data_address(self, index: int) -> int:
        """Where every variant maps its index-th file if that holds no code; 0: see file_address."""
        return self._data + index * _SLOT if index < DATA_PLACES else 0

    def places(self, home: int) -> bytes:
        """The table by which the agent places files itself; none is mapped yet."""
        if home not in self._places:
            code = (self.file_address(home, index) for index in range(CODE_PLACES))
            content = bytearray(PLACES_TABLE.pack(data=self.data_address(0)))
            struct.pack_into(f"<{CODE_PLACES}Q", content, PLACES_TABLE.offset("code"), *code)
            self._places[home] = bytes(content)
        return self._places[home]

    def distances(self, home: int, other: int) -> tuple[int, int]:
        """By how much image and files, and the loader, lie higher with another home."""
        loader = self._loader(other) - self._loader(home)
        return self._start(other) - self._start(home), loader

    def counterpart(self, address: int, home: int, other: int) -> int:
        """The place with another home that an address of code stands for; an address outside the
        zone stands for itself.
        """
        inside = address in self.zone(home)
        return address + self.distances(home, other)[0] if inside else address

    def zone(self, home: int) -> range:
        """The addresses among which code is placed."""
        start = self._zones[home]
        return range(start, start + _SLOT * _ZONE_SLOTS)

    def stack_residue(self, variant: int, plan: Plan) -> int:
        """The lowest two bytes of a variant's first stack pointer: the lowest differs in all."""
        if plan.stack_alike:
            variant = 0
        if variant not in self._residues:
            generator = random.Random(f"{self._seed}/stack/{variant}")  # noqa: S311
            high = generator.randrange(0, RESIDUES, 256)
            self._residues[variant] = high + self._lowest_bytes[variant]
        return self._residues[variant]

    def _address(self, home: int, slot: int, name: str) -> int:
        return self._start(home) + slot * _SLOT + _SLOT // 4 + self._low(name)

    def _loader(self, home: int) -> int:
        return self._address(home, _LOADER_SLOT, f"loader/{home}")

    def _start(self, home: int) -> int:
        """Where the slots of a zone that are used begin."""
        return self._zones[home] + self._first_slots[home] * _SLOT

    def _low(self, name: str) -> int:
        if name not in self._lows:
            generator = random.Random(f"{self._seed}/{name}")  # noqa: S311 - the seed is random
            self._lows[name] = generator.randrange(*_LOW_HALVES, _PAGE)
        return self._lows[name]

    def plan(self, variant: Variant, new: NewImage) -> Plan:
        """What to move in the new image of a variant's task."""
        stack, areas = new.stack, new.areas
        home = self.home(variant.index, new.name)
        moves: list[tuple[int, int, int]] = []
        image = _moves(areas, new.program.span, self._address(home, 0, "0"), moves)
        span = new.loader.span
        loader = _moves(areas, span, self._loader(home), moves)
        moved = {start for start, _, _ in moves}
        whole = next(area for area in areas if area.start <= stack.pointer < area.end)
        distance = 0
        is_alike = "stack" not in diversity.for_program(self._diversify, new.name)
        if is_alike:
            distance = self._stack - whole[1]
            size = whole[1] - whole[0]
            place = whole[0]
            if abs(distance) < size:
                moves.append((place, size, _ASIDE))
                place = _ASIDE
            if distance:
                moves.append((place, size, whole[0] + distance))
            moved.add(whole[0])
        above = [
            area.start for area in areas if area.start > self._barrier and area.start not in moved
        ]
        above += [whole[0] + distance]
        size = min(above) - self._barrier
        brk = self._brk if image else self._brk_behind(new)
        memory_map = _memory_map(new.record, image, distance, brk)
        hole = (span[0], span[1] - span[0]) if loader else (0, 0)
        barrier = (self._barrier, size) if size > 0 else (0, 0)
        code = _code(areas, moves, stack.auxiliary(AT_ENTRY))
        vdso = _vdso(areas, variant.base + VDSO_OFFSET, MOVES_MAX - len(moves))
        stack_plan = (distance, whole[0], is_alike, home)
        return Plan(moves, image, loader, *stack_plan, *barrier, hole, memory_map, code, vdso)

    def _brk_behind(self, new: NewImage) -> int:
        """Where the heap of an image begins that stays where it is."""
        end = new.program.end
        if new.program.is_movable or not end:
            return self._brk
        personality = int(procfs.read(new.tid, "personality"), 16)
        return end if personality & _ADDR_NO_RANDOMIZE else end + self._brk_distance


def _vdso(areas: list[Mapping], new: int, moves_max: int) -> list[tuple[int, int, int]]:
    """The moves of the vDSO, last, and its data, to a new address; none where it cannot be."""
    own = [area for area in areas if area.path in _VDSO]
    if (
        not own
        or len(own) > moves_max
        or own[-1].path != "[vdso]"
        or own[-1].end - own[0].start > VDSO_SIZE
        or any(area.end != after.start for area, after in itertools.pairwise(own))
    ):
        return []
    distance = new - own[0].start
    return [(area.start, area.end - area.start, area.start + distance) for area in own]


def _moves(
    areas: list[Mapping],
    span: tuple[int, int],
    new: int,
    moves: list[tuple[int, int, int]],
) -> int:
    """Add the moves of all mappings in a span to a new address; return the distance, 0 for none."""
    inside = [area for area in areas if span[0] <= area.start < span[1]]
    if not inside or len(inside) + len(moves) > MOVES_MAX - 2:
        return 0
    distance = new - inside[0].start
    moves += [(area.start, area.end - area.start, area.start + distance) for area in inside]
    return distance


def _code(areas: list[Mapping], moves: list[tuple[int, int, int]], entry: int) -> list[Mapping]:
    """The code that private mappings show of files, where it will be; first what has the entry."""
    found = [area for area in areas if area.rights == "r-xp" and area.inode[1]]
    found.sort(key=lambda area: not area.start <= entry < area.end)
    places = {start: new for start, _, new in moves}
    return [
        area._replace(
            start=places.get(area.start, area.start),
            end=area.end + places.get(area.start, area.start) - area.start,
        )
        for area in found
    ]


def _memory_map(fields: list[bytes], image: int, distance: int, brk: int) -> tuple[int, ...]:
    """The kernel's own record of the image (proc_pid_stat(5), fields 26 to 28 and 45 to 51), moved
    by `image`, the stack's part by `distance`, with another brk; `fields`: from the third on.
    """
    code = [int(field) for field in fields[23:25]]
    stack = int(fields[25])
    start_data, end_data, _, *strings = (int(field) for field in fields[42:49])
    if not all((*code, stack, start_data, end_data, *strings)):
        return (0,) * 13
    moved = [address + image for address in (*code, start_data, end_data)]
    above = [address + distance for address in (stack, *strings)]
    no_descriptor = 0xFFFFFFFF << 32
    return (*moved, brk, brk, *above, 0, no_descriptor)
