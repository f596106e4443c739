"""What differs between the variants' sides of a call: which arguments, and where in their bytes.

The agent that finds a difference tells an argument and a byte, but it may be an attacker's: so the
difference is looked for again in what the supervisor sees, and the agent's word is used only to
find the place in a buffer that is too long to be looked at whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mvx import decode, divergence
from mvx.compared import Compared, Read
from mvx.divergence import Argument, Call, FirstDifference
from mvx.layout import NUMBER_RDTSC
from mvx.specification import text
from mvx.specification.vocabulary import Direction, Kind, timeout_sign

Sides = Sequence[Compared | None]

_WINDOW: Final = 48
_INT_KINDS: Final = frozenset({Kind.INT, Kind.DESCRIPTOR})
_FREE_KINDS: Final = frozenset({Kind.UNUSED, Kind.OPAQUE})


def differing(sides: Sides) -> set[int]:
    """The arguments that the variants differ in; none where they make different calls."""
    known = [side for side in sides if side is not None]
    if len({side.number for side in known}) != 1:
        return set()
    found = set()
    for index, parameter in enumerate(known[0].parameters()[:6]):
        values = {side.arguments[index] for side in known}
        data = {side.data(index) for side in known} - {None}
        if parameter.kind in _INT_KINDS:
            values = {value & 0xFFFFFFFF for value in values}
        elif parameter.kind is Kind.TIMEOUT:
            values = {timeout_sign(value) for value in values}
        elif parameter.kind in _FREE_KINDS:
            values = set()
        elif parameter.kind is not Kind.LONG:
            values = {bool(value) for value in values}
        if len(values) > 1 or len(data) > 1:
            found.add(index)
    return found


def first(sides: Sides, reads: Sequence[Read], index: int, offset: int) -> FirstDifference | None:
    """The first byte behind argument `index` at which the variants differ.

    `reads` reads each variant's memory. `offset` is where the agent says it is.
    """
    known = [side for side in sides if side is not None]
    if index < 0 or len({side.number for side in known}) != 1:
        return None
    parameters = known[0].parameters()
    if index >= len(parameters) or parameters[index].direction is Direction.NONE:
        return None
    name = argument_name(known[0], index)
    data = [side.data(index) if side else None for side in sides]
    found = divergence.first_difference(name, [each for each in data if each is not None], _WINDOW)
    if found is not None:
        rest = iter(found.windows)
        windows = tuple(b"" if each is None else next(rest) for each in data)
        return FirstDifference(name, found.offset, found.start, windows)
    if parameters[index].kind is not Kind.BYTES or parameters[index].structure is not None:
        return None
    start = max(0, offset // 16 * 16 - 16)
    pairs = zip(sides, reads, strict=True)
    windows = tuple(_window(side, read, index, start) for side, read in pairs)
    return FirstDifference(name, offset, start, windows) if len(set(windows)) > 1 else None


def _window(side: Compared | None, read: Read, index: int, start: int) -> bytes:
    """Bytes of a buffer that is too long to be kept whole."""
    if side is None:
        return b""
    kept = side.inputs.get(index, b"")[start : start + _WINDOW]
    return kept or read(side.arguments[index] + start, _WINDOW) or b""


def argument_name(side: Compared, index: int) -> str:
    """The name of an argument as the call's declaration has it."""
    return decode.decode_arguments(side.number, side.arguments, lambda _: None)[index].name


def call(side: Compared | None, descriptors: Mapping[int, str], marked: set[int]) -> Call | None:
    """A variant's side as the report has it; `marked` are the arguments that differ."""
    if side is None:
        return None
    if side.number == NUMBER_RDTSC:
        return Call(side.number, side.name, (), None)
    arguments = []
    decoded = decode.decode_arguments(
        side.number, side.arguments, side.inputs.get, descriptors, marked
    )
    for index, item in enumerate(decoded):
        data = side.data(index)
        shown = text.quoted(data or b"") if side.is_message(index) else item.text
        kept = None if data is None else data[: decode.DATA_LARGEST]
        arguments.append(Argument(item.name, shown, kept, item.differs))
    result = side.result
    ending = None if result is None else decode.decode_result(side.number, result, descriptors)
    return Call(side.number, side.name, tuple(arguments), ending)
