"""rdtsc and rdtscp in a file's code: where they are, and whether that is all of them.

Two bytes occur by chance in every large file, mostly inside of other instructions, or in tables.
The file's sections tell where code is (functions.py). The bytes before them prove most of the rest,
one way or the other (lengths.py). For what is left the file's own table of functions says where to
begin to read. Where it is silent too, what precedes does not look like code (tables in the code of
cryptographic libraries) or most ways lead past. Of 2,534 files with code in a Debian 12 two have
one that stays in doubt.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, Final

from mvx import lengths, tactics

if TYPE_CHECKING:
    from mvx.functions import Functions
    from mvx.tactics import Kind

_PATTERN: Final = re.compile(rb"\x0f(?:\x31|\x01\xf9)")
_BEFORE: Final = 80
"""So many bytes before an instruction prove that it is one."""
_AFTER: Final = 16
_CODE: Final = 24
"""Bytes that can be read in fewer ways are no code."""


def find(
    content: mmap.mmap | bytes, first: int, end: int, functions: Functions
) -> tuple[dict[int, Kind], bool]:
    """The instructions between two places of a file's content, by their places, and whether there
    can be no other.
    """
    found: dict[int, Kind] = {}
    is_complete = True
    for match in _PATTERN.finditer(content, first, end):
        place = match.start()
        answer = is_instruction(content, place, first, functions)
        if answer:
            kind = at(content, place)
            assert kind is not None
            found[place] = kind
        is_complete &= answer is not None
    return found, is_complete


def at(content: mmap.mmap | bytes, place: int) -> Kind | None:
    """The instruction that was found at a place before; None if there is none."""
    kind = tactics.kind_at(content[place : place + 3], 0)
    return None if kind is tactics.SYSCALL else kind


def is_instruction(
    content: mmap.mmap | bytes, place: int, first: int, functions: Functions
) -> bool | None:
    """Whether the bytes at a place of a file, in code that begins at `first`, are an instruction;
    None if that stays in doubt.

    Bytes in front of a place that can only be read as code prove nothing where no function is
    known, in a file that tells of its functions: a table may follow code.
    """
    if functions.is_data(place):
        return False
    base = max(place - _BEFORE, first)
    ways = lengths.ways(content[base : place + _AFTER], place - base)
    proof = ways.prove
    if proof is None:
        start = functions.start(place)
        if start is not None and start >= first:
            proof = lengths.leads(content[start : place + _AFTER], 0, place - start)
    if proof is None and place - base == _BEFORE:
        is_beside = ways.there < _CODE or ways.met * 2 < ways.there
        proof = False if is_beside else None
    return None if proof and functions.is_between(place) else proof
