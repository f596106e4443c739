"""What makes the variants differ: the names of ``--diversify``, and what each stops, costs, breaks.

The table is data, and so are the exceptions for programs (alike.txt): the command line, the
reference page and the tests read it from here. What is on
by default changes nothing that a program can let out without giving away its memory. What is not
(`environment`, `heap`, `fill`) also shows faults that natively stay hidden, and differences without
harm (docs/decisions/0005-what-differs-by-default.md).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple


class Diversification(NamedTuple):
    """One way in which variants differ."""

    name: str
    default: bool
    differs: str
    stops: str
    costs: str
    breaks: str


DIVERSIFICATIONS: Final = (
    Diversification(
        "layout",
        default=True,
        differs="addresses of the program's image, the loader, libraries and every mapped file",
        stops="whole addresses of code and of static data: overwritten return addresses, function"
        " pointers, virtual tables, GOT entries; gadget chains; return into a library; their leaks",
        costs="nothing while the program runs: addresses are chosen when files are mapped",
        breaks="nothing known; a position-dependent program keeps the addresses of its image",
    ),
    Diversification(
        "stack",
        default=True,
        differs="the stack's address, its distance from the arguments, and its low 16 bits",
        stops="whole addresses on the stack, their leaks, and overwrites of the lowest byte or two"
        " of a pointer into the stack; over-reads from the stack into arguments and environment",
        costs="up to 64 KiB of stack, once",
        breaks="nothing known; where the stack's limit leaves no room, the distance stays",
    ),
    Diversification(
        "canary",
        default=True,
        differs="AT_RANDOM: stack canaries and the guard of pointers that the C library stores",
        stops="canaries that were leaked or guessed; forged longjmp buffers and exit handlers",
        costs="nothing",
        breaks="programs that let AT_RANDOM out as random bytes; Go's, which do, get the same",
    ),
    Diversification(
        "environment",
        default=False,
        differs="order and distances of the environment's strings in memory",
        stops="over-reads and relative overwrites in the environment, and known addresses in it",
        costs="some microseconds at exec; an environment above 32 KiB is left as it is",
        breaks="nothing known; programs that overwrite arguments and environment with a title find"
        " less room for it, since strings do not follow one another, in any variant",
    ),
    Diversification(
        "heap",
        default=False,
        differs="where in the heap each allocation lies, which freed place is used again",
        stops="whole heap addresses and their leaks, use after free, overflows into a neighbour,"
        " over-reads of neighbours; double and invalid frees end the program",
        costs="another allocator in all variants: memory up to twice, time by the program",
        breaks="output that depends on heap addresses: OpenSSL's random numbers (the address of the"
        " generator is part of its nonce: drbg.c, get_nonce), the order of Python's sets of"
        " objects. Static programs and Go keep their own heap",
    ),
    Diversification(
        "fill",
        default=False,
        differs="the bytes in memory that was just allocated or freed",
        stops="reads of uninitialised or freed heap memory, where they reach an output",
        costs="a write to each allocated and freed byte",
        breaks="programs that let out uninitialised heap bytes, holes of structures above all;"
        " glibc's allocator only, or that of `heap`",
    ),
)
NAMES: Final = tuple(each.name for each in DIVERSIFICATIONS)
DEFAULT: Final = tuple(each.name for each in DIVERSIFICATIONS if each.default)


class Alike(NamedTuple):
    """Of what does not differ for files whose names match a pattern."""

    pattern: str
    name: str
    reason: str


@functools.cache
def exceptions() -> list[Alike]:
    """The lines of alike.txt."""
    content = Path(__file__).with_name("alike.txt").read_text(encoding="ascii")
    lines = [line for line in content.splitlines() if not line.startswith("#")]
    return [Alike(*line.split(None, 2)) for line in lines]


def for_program(chosen: Sequence[str], name: str) -> Sequence[str]:
    """What differs between variants that execute a file of that name, where `chosen` is what the
    user wants.
    """
    return _without_exceptions(name) if tuple(chosen) == DEFAULT else chosen


@functools.cache
def _without_exceptions(name: str) -> tuple[str, ...]:
    from mvx.patterns import matches

    alike = {each.name for each in exceptions() if matches(name, each.pattern)}
    return tuple(each for each in DEFAULT if each not in alike)


def parse(text: str) -> tuple[str, ...]:
    """The names that an option's text means, in the order of NAMES; ValueError with what is wrong.

    ``none``, ``default`` and ``all`` stand for sets.
    """
    sets: dict[str, tuple[str, ...]] = {"none": (), "default": DEFAULT, "all": NAMES}
    chosen: set[str] = set()
    for name in text.split(","):
        if name not in sets and name not in NAMES:
            message = f"{name!r} is none of {', '.join((*NAMES, *sets))}"
            raise ValueError(message)
        chosen |= set(sets.get(name, (name,)))
    return tuple(name for name in NAMES if name in chosen)
