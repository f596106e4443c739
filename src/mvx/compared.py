"""A call as the agents compared it: its number, its arguments, and the bytes behind them.

There are two sources. One is the memory of a task that stands in the call. The other is the message
that the leader published in its lane: all that is left of a call when the leader has run ahead. The
message holds the input bytes as blocks (u32 length, bytes) in the order in which the agent walks
the arguments (``agent/walk.c``); a call whose handler replaces that walk is shown without them.
Both sources are hostile: every length is bounded, nothing here trusts a byte.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import decode, specification
from mvx.layout import MESSAGES, PSEUDO_CALLS, RING_SIZE
from mvx.memory import Memory
from mvx.records import MESSAGE
from mvx.specification import text
from mvx.specification.declaration import Parameter
from mvx.specification.structures import Structure
from mvx.specification.vocabulary import Direction, Handler, Kind, Length

if TYPE_CHECKING:
    from mvx.arena import Arena, PastCall

Read = Callable[[int, int], bytes | None]

_KINDS: Final = list(MESSAGES)
_NULL: Final = 0xFFFFFFFE
_FAULT: Final = 0xFFFFFFFF
_VECTORS_MAX: Final = 1024
GATHERED_MAX: Final = 1 << 20
"""Bytes of one argument that are read from a variant's memory."""
_INPUTS: Final = frozenset({Direction.IN, Direction.IN_OUT})
_SENDS: Final = frozenset({Handler.SEND_MESSAGE, Handler.SEND_MESSAGES})
_IRREGULAR: Final = _SENDS | {
    Handler.RECEIVE_MESSAGE,
    Handler.RECEIVE_MESSAGES,
    Handler.PSELECT,
    Handler.EPOLL_CONTROL,
}
_HEADER: Final = struct.Struct("<QI4xQQQQ8x")  # struct msghdr
_CONTROL: Final = struct.Struct("<Qii")  # struct cmsghdr
_TIMES: Final = 2
_VALUE: Final = 3
_FILTERS: Final = frozenset({(1, 26), (1, 51)})  # SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF
_UNTIMED: Final = frozenset({0x3FFFFFFF, 0x3FFFFFFE})  # UTIME_NOW, UTIME_OMIT


class Compared(NamedTuple):
    """One variant's side of a comparison; `inputs` holds the bytes behind arguments, by index."""

    number: int
    arguments: tuple[int, ...]
    inputs: dict[int, bytes]
    result: int | None = None

    @property
    def name(self) -> str:
        """The call's name."""
        return PSEUDO_CALLS.get(self.number) or specification.name(self.number)

    def parameters(self) -> tuple[Parameter, ...]:
        """The declared arguments; none for an undeclared call."""
        return decode.find_parameters(self.number, self.arguments)

    def is_message(self, index: int) -> bool:
        """Whether the argument's bytes are a whole message (sendmsg), not what it points at."""
        return index == 1 and _handler(self.number) in _SENDS

    def is_filter(self, index: int) -> bool:
        """Whether the argument's bytes are a socket filter, not what points to it."""
        return self.name == "setsockopt" and index == _VALUE and self.arguments[1:3] in _FILTERS

    def data(self, index: int) -> bytes | None:
        """The bytes behind an argument as they are compared, None where there are none."""
        content, parameters = self.inputs.get(index), self.parameters()
        if content is None or index >= len(parameters) or self.is_message(index):
            return content
        structure = parameters[index].structure
        if structure is not None and structure.layout:
            return _normalised(structure, content)
        if parameters[index].kind is Kind.SOCKET_ADDRESS:
            return content[: _address_length(content)]
        if self.name == "utimensat" and index == _TIMES:
            return _times(content)
        return content


def reader(memory: Memory, largest: int = GATHERED_MAX) -> Read:
    """A function that reads a variant's memory, and returns None where it cannot."""

    def read(address: int, size: int) -> bytes | None:
        try:
            return memory.read(address, min(size, largest)) or None
        except (OSError, OverflowError, ValueError):
            return None

    return read


def from_memory(number: int, arguments: tuple[int, ...], read: Read) -> Compared:
    """The call of a task that stands in it."""
    compared = Compared(number, arguments, {})
    source = decode.inputs_from_memory(number, arguments, read)
    for index, parameter in enumerate(compared.parameters()[: len(arguments)]):
        if parameter.direction in _INPUTS:
            if compared.is_message(index):
                content = _message(read, number, arguments)
            elif compared.is_filter(index):
                content = _filter(read, arguments[index])
            elif parameter.kind is Kind.VECTOR:
                count = arguments[parameter.operand]
                count = 0 if decode.is_beyond(parameter, count) else count
                content = b"".join(_gather(read, arguments[index], count))[:GATHERED_MAX]
            elif parameter.kind is Kind.BYTES and parameter.length is Length.ARGUMENT:
                size = max(text.signed(arguments[parameter.operand]), 0) * parameter.size
                size = 0 if decode.is_beyond(parameter, arguments[parameter.operand]) else size
                content = read(arguments[index], min(size, GATHERED_MAX)) if size else b""
            else:
                content = source(index)
            if content is not None:
                compared.inputs[index] = content
    return compared


def from_lane(arena: Arena, lane: int, position: int, end: int) -> Compared | None:
    """The call that the leader published at a position; None when there is none, or no longer."""
    if not MESSAGE.size <= end - position <= RING_SIZE:
        return None
    return _parse(arena.ring(lane, position, end - position))


class Past:
    """What the ring still holds of calls that are over: messages, found by their headers."""

    def __init__(self, arena: Arena, lane: int, end: int) -> None:
        """Copy the ring; `end` is the position before which the calls were published."""
        start = max(0, end - RING_SIZE)
        self._content = arena.ring(lane, start, end - start)
        self._end = len(self._content)

    def inputs(self, call: PastCall) -> dict[int, bytes]:
        """The bytes behind a call's arguments; asked for one call after the other, backwards."""
        kind = _KINDS.index("CALL")
        words = (kind, call.number & 0xFFFFFFFF, 0, 0)
        at = max(
            self._content.rfind(
                struct.pack("<IIQIIQ6Q", *words, released, 0, *call.arguments), 0, self._end
            )
            for released in (0, 1)
        )
        if at < 0:
            return {}
        found = _parse(self._content[at : self._end])
        self._end = at
        return found.inputs if found else {}


def _parse(content: bytes) -> Compared | None:
    """The call whose message starts here, and its result if that follows."""
    header = MESSAGE.unpack(content[: MESSAGE.size])
    if header["kind"] != _KINDS.index("CALL"):
        return None
    arguments = struct.unpack_from("<6Q", content, MESSAGE.offset("arguments"))
    compared = Compared(header["number"], arguments, {})
    if _handler(compared.number) in _IRREGULAR:
        return compared
    blocks = _Blocks(content, MESSAGE.size)
    try:
        for index, parameter in enumerate(compared.parameters()[: len(arguments)]):
            if parameter.direction in _INPUTS:
                found = blocks.argument(parameter, arguments, index)
                if found is not None:
                    compared.inputs[index] = found
        return compared._replace(result=_following(content, blocks.at, compared.number))
    except ValueError:
        return Compared(compared.number, arguments, {})


def _following(content: bytes, at: int, number: int) -> int | None:
    """The result in the message after the call; ValueError when no honest leader puts it there."""
    if len(content) - at < MESSAGE.size:
        return None
    header = MESSAGE.unpack(content[at : at + MESSAGE.size])
    kind = _KINDS[header["kind"]] if header["kind"] < len(_KINDS) else ""
    if kind == "RESULT" and header["number"] == number:
        return header["result"]
    if kind == "RESULT" or not kind:
        raise ValueError("the message was not understood")
    return None


class _Blocks:
    """The blocks of a message, one after the other; ValueError where the message ends before."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content = content
        self.at = at

    def take(self) -> bytes | None:
        """The next block; None for a NULL pointer or memory that could not be read."""
        if self.at + 4 > len(self.content):
            raise ValueError("the message ends before its blocks")
        length = int.from_bytes(self.content[self.at : self.at + 4], "little")
        self.at += 4
        if length in (_NULL, _FAULT):
            return None
        if length > len(self.content) - self.at:
            raise ValueError("a block is longer than its message")
        self.at += length
        return self.content[self.at - length : self.at]

    def argument(
        self, parameter: Parameter, arguments: tuple[int, ...], index: int
    ) -> bytes | None:
        """The bytes of one argument, as :func:`from_memory` gives them."""
        operand = arguments[parameter.operand]
        beyond = decode.is_beyond(parameter, operand)
        match parameter.kind:
            case Kind.PATH:
                found = self.take()
                return None if found is None else found + b"\0"
            case Kind.STRINGS:
                return b"".join(string + b"\0" for string in iter(self.take, None))
            case Kind.VECTOR:
                return b"".join(self.take() or b"" for _ in range(0 if beyond else operand))
        structure = parameter.structure
        if structure is None or not structure.layout or not arguments[index]:
            return self.take()
        count = 0 if beyond else operand if parameter.length is Length.ARGUMENT else 1
        content = b""
        for _ in range(count):  # ends with the message
            content += self.take() or bytes(structure.size)
        return content


def _handler(number: int) -> Handler:
    rule = specification.rule(number)
    return rule.handler if rule else Handler.NONE


def _normalised(structure: Structure, content: bytes) -> bytes:
    """Structures as the agent compares them: zeros in no field, addresses only as NULL, 1 or 2."""
    result = bytearray(len(content))
    for start in range(0, len(content), structure.size):
        for field in structure.layout:
            place = slice(start + field.offset, start + field.offset + field.size)
            value = content[place]
            if field.address:
                value = min(int.from_bytes(value, "little"), 2).to_bytes(field.size, "little")
            result[place] = value[: len(result[place])]
    return bytes(result)


def _times(content: bytes) -> bytes:
    """Two struct timespec without the seconds that the kernel does not look at (utimensat(2))."""
    words = struct.iter_unpack("<qq", content[: len(content) // 16 * 16])
    return b"".join(
        struct.pack("<qq", 0 if nanoseconds in _UNTIMED else seconds, nanoseconds)
        for seconds, nanoseconds in words
    )


def _address_length(content: bytes) -> int:
    """How much of a socket address the kernel looks at (see address_length in agent/walk.c)."""
    family = int.from_bytes(content[:2], "little")
    if family == 1 and len(content) > 2:
        path = content[2:].partition(b"\0")[0]
        return 2 + len(path) + 1 if path else len(content)
    return {2: 8, 10: 28}.get(family, len(content))


def _filter(read: Read, address: int) -> bytes | None:
    """The classic BPF program of a struct sock_fprog (see agent/filters.c)."""
    head = read(address, 16)
    if head is None or len(head) < 16:
        return None
    count, program = struct.unpack("<H6xQ", head)
    return read(program, 8 * count) if count else b""


def _gather(read: Read, vectors: int, count: int) -> Iterator[bytes]:
    """The buffers of an array of struct iovec, up to a limit."""
    table = read(vectors, 16 * min(count, _VECTORS_MAX)) or b""
    left = GATHERED_MAX
    for base, size in struct.iter_unpack("<QQ", table[: len(table) // 16 * 16]):
        if size and left > 0:
            content = read(base, min(size, left)) or b""
            left -= len(content)
            yield content


# Messages of sendmsg and sendmmsg (see agent/messages.c)


def _message(read: Read, number: int, arguments: tuple[int, ...]) -> bytes | None:
    many = _handler(number) is Handler.SEND_MESSAGES
    count = min(arguments[2] & 0xFFFFFFFF, _VECTORS_MAX) if many else 1
    stride = _HEADER.size + 8 * many
    content = b""
    for index in range(count):
        header = read(arguments[1] + index * stride, _HEADER.size)
        if header is None or len(header) < _HEADER.size:
            return content or None
        if _HEADER.unpack(header)[3] > _VECTORS_MAX:
            return content  # EMSGSIZE: the kernel looks at nothing more
        for piece in _pieces(read, header):
            content += piece
            if len(content) >= GATHERED_MAX:
                return content[:GATHERED_MAX]
    return content


def _pieces(read: Read, header: bytes) -> Iterator[bytes]:
    name, name_size, vectors, count, control, control_size = _HEADER.unpack(header)
    if name and name_size:
        yield read(name, min(name_size, 128)) or b""
    yield from _gather(read, vectors, count)
    data = (read(control, min(control_size, 4096)) if control and control_size else None) or b""
    at = 0
    while at + _CONTROL.size <= len(data):
        size = int.from_bytes(data[at : at + 8], "little")
        if size < _CONTROL.size:
            return
        yield data[at : at + size]
        at += -(-size // 8) * 8
