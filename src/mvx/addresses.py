"""Whether two variants' bytes are the same but for addresses of places that correspond.

A program that writes out its structures with the pointers in them, or prints an address, writes
something else in every variant. What it means is the same when, wherever the bytes differ, each
variant's have the address of the same place of the program: they are as far apart as the variants'
code, loaders or stacks are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_SIZE: Final = 8
_LOWEST: Final = 1 << 32
"""Nothing that differs between variants lies lower."""
_BLOCK: Final = 4096
_NUMBER: Final = re.compile(rb"(?<![0-9A-Za-z])(?:0[xX])?([0-9a-fA-F]{9,16})(?![0-9A-Za-z])")


def are_alike(leader: bytes, variant: bytes, distances: Collection[int]) -> bool:
    """Whether the sides differ in addresses alone, as words or as numbers in text.

    `distances`: by how much things lie higher in the variant than in the leader.
    """
    return _as_words(leader, variant, distances) or _as_text(leader, variant, distances)


def _as_words(leader: bytes, variant: bytes, distances: Collection[int]) -> bool:
    if len(leader) != len(variant):
        return False
    at = 0
    while (at := _first_difference(leader, variant, at)) < len(leader):
        for start in range(max(0, at - _SIZE + 1), at + 1):
            words = (leader[start : start + _SIZE], variant[start : start + _SIZE])
            ours, theirs = (int.from_bytes(word, "little") for word in words)
            if ours >= _LOWEST and theirs - ours in distances and len(words[0]) == _SIZE:
                at = start + _SIZE
                break
        else:
            return False
    return True


def _first_difference(leader: bytes, variant: bytes, at: int) -> int:
    while at < len(leader) and leader[at : at + _BLOCK] == variant[at : at + _BLOCK]:
        at += _BLOCK
    while at < len(leader) and leader[at] == variant[at]:
        at += 1
    return at


def _as_text(leader: bytes, variant: bytes, distances: Collection[int]) -> bool:
    sides = (_NUMBER.split(leader), _NUMBER.split(variant))
    if len(sides[0]) != len(sides[1]):
        return False
    for index, (ours, theirs) in enumerate(zip(*sides, strict=True)):
        if ours == theirs:
            continue
        if not index % 2 or int(theirs, 16) - int(ours, 16) not in distances:
            return False
    return True
