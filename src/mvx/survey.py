"""`mvx doctor --sites FILE`: which instructions of a file can be patched, and by which tactic.

Sites are found by their bytes. What is an instruction and what is part of another one is told by
reading the code from the start of the function, where symbols say where that is, else by the bytes
before it (lengths.py). So the numbers are those of a file in which every site has trapped; running
it patches only what traps. Constants among the code can look like instructions.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import struct
from collections.abc import Iterator
from typing import Final

from mvx import lengths, tactics
from mvx.errors import FileFailed
from mvx.symbols import Image, Segment
from mvx.tactics import TRAMPOLINE_SIZE, Kind

_PAGE: Final = 4096
_LOAD: Final = 1
_EXECUTABLE: Final = 1
_SIZE_LIMIT: Final = 1 << 30
_FUNCTION_LIMIT: Final = 1 << 16
_LOWEST: Final = 0x10000
_HIGHEST: Final = 0x7FFF_FFFF_0000
_SLOT: Final = 1 << 40
"""Where a position-independent file is thought to lie: free space to both sides."""
_PATTERN: Final = re.compile(b"|".join(re.escape(kind.code) for kind in tactics.KINDS))
_LISTED: Final = 20
TACTICS: Final = ("padded", "punned", "trap")


@dataclasses.dataclass(frozen=True)
class Site:
    """One instruction; `tactic` is one of TACTICS."""

    kind: str
    offset: int
    symbol: str
    tactic: str


@dataclasses.dataclass(frozen=True)
class Survey:
    """What was found in a file; `others`: how many places only look like an instruction."""

    file: str
    build_id: str
    sites: list[Site]
    others: int

    def counts(self, kind: str) -> dict[str, int]:
        """How many instructions of a kind each tactic patches."""
        tactics_used = [site.tactic for site in self.sites if site.kind == kind]
        return {tactic: tactics_used.count(tactic) for tactic in TACTICS}


def survey(path: str) -> Survey:
    """Look at a file. Raises FileFailed when it is no ELF file that can be read."""
    try:
        image = Image.open(path, {})
        sites: list[Site] = []
        others = 0
        for segment in image.segments:
            if segment.kind == _LOAD and segment.flags & _EXECUTABLE:
                found, refused = _survey_segment(image, segment)
                sites += found
                others += refused
    except (OSError, ValueError, struct.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileFailed(
            f"{path}: {reason.removeprefix(f'{path}: ')}", fix="name a program or a library"
        ) from None
    return Survey(os.path.realpath(path), image.build_id, sites, others)


def _survey_segment(image: Image, segment: Segment) -> tuple[list[Site], int]:
    """The sites of an executable segment, and how many places are no instruction."""
    base = 0 if min(each.start for each in _loaded(image)) >= _LOWEST else _SLOT
    start = base + segment.start
    code = image.at(segment.start, min(segment.size, _SIZE_LIMIT))
    end = start + len(code)
    room, room_end = end, end + -(segment.offset + segment.size) % _PAGE
    taken: set[int] = set()
    targets: set[int] = set()
    found = []
    others = 0
    for match in _PATTERN.finditer(code):
        place = match.start()
        kind = tactics.kind_at(code, place)
        assert kind is not None
        function = image.function(segment.start + place)
        if not _is_instruction(code, place, segment.start, function):
            others += 1
            continue
        symbol = f"{function[0]}+{segment.start + place - function[1]:#x}" if function else ""
        site = start + place
        tactic = "trap"
        window = max(0, place - tactics.BEFORE)
        patch = None
        if room + TRAMPOLINE_SIZE <= room_end:
            near = code[window : place + tactics.AFTER]
            patch = tactics.padded(near, start + window, site, room, taken)
        if patch is not None:
            tactic = "padded"
            room += TRAMPOLINE_SIZE
            taken.update(patch.bound)
        elif taken.isdisjoint(range(site, site + 5)) and _can_pun(
            image, base, site, code[place + 2 : place + 5], targets
        ):
            tactic = "punned"
            taken.update(range(site, site + 5))
        found.append(Site(kind.name, segment.offset + place, symbol, tactic))
    return found, others


def _is_instruction(code: bytes, place: int, start: int, function: tuple[str, int] | None) -> bool:
    """Whether code that is linked at `start` has an instruction at a place in it."""
    position = function[1] - start if function is not None else -1
    if position >= 0 and place - position < _FUNCTION_LIMIT:
        while position < place:
            size = lengths.length(code, position)
            if not size:
                break
            position += size
        if position == place:
            return True
    first = max(0, place - tactics.BEFORE)
    return tactics.is_proven(code[first : place + 8], place - first)


def _loaded(image: Image) -> Iterator[Segment]:
    return (segment for segment in image.segments if segment.kind == _LOAD)


def _can_pun(image: Image, base: int, site: int, following: bytes, targets: set[int]) -> bool:
    """Whether one of a punned jump's targets is free, and take it."""
    if len(following) < 3:
        return False
    for target in tactics.punned_targets(site, following):
        last = target + TRAMPOLINE_SIZE - 1
        if not _LOWEST <= target < _HIGHEST or target // _PAGE != last // _PAGE:
            continue
        page = target & -_PAGE
        is_own = any(
            base + (segment.start & -_PAGE) <= page < base + segment.start + segment.space
            for segment in _loaded(image)
        )
        if not is_own and targets.isdisjoint(range(target, last + 1)):
            targets.update(range(target, last + 1))
            return True
    return False


def render(found: Survey, *, as_json: bool) -> str:
    """The survey as text or JSON."""
    if as_json:
        return json.dumps(
            {
                "file": found.file,
                "build_id": found.build_id,
                "counts": {kind.name: found.counts(kind.name) for kind in tactics.KINDS},
                "not_instructions": found.others,
                "sites": [dataclasses.asdict(site) for site in found.sites],
            },
            indent=1,
        )
    lines = [f"{found.file}  build-id {found.build_id or 'none'}"]
    lines += [_count(found, kind) for kind in tactics.KINDS]
    lines.append(f"not an instruction, or not to be told: {found.others}")
    left = [site for site in found.sites if site.tactic == "trap"]
    lines += [f"  trap  {site.kind} at {site.offset:#x} {site.symbol}" for site in left[:_LISTED]]
    if len(left) > _LISTED:
        lines.append(f"  … and {len(left) - _LISTED} more: see --json")
    return "\n".join(line.rstrip() for line in lines)


def _count(found: Survey, kind: Kind) -> str:
    counts = found.counts(kind.name)
    told = ", ".join(f"{count} {tactic}" for tactic, count in counts.items())
    return f"{kind.name:8} {sum(counts.values()):5}  {told}"
