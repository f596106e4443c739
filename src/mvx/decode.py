"""Calls as people read them: ``openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3``.

The arguments are registers as the kernel got them. The bytes behind pointers come from a function,
`read_input`: given the argument's index it returns the bytes, or None where it has none; then the
address is shown. The agent's records are one source of such bytes, a stopped task's memory
(:func:`inputs_from_memory`) is another. All of it is hostile input.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from mvx import specification
from mvx.specification import text
from mvx.specification.annotations import Bytes, Pointer
from mvx.specification.declaration import Parameter
from mvx.specification.vocabulary import Direction, Kind, Length

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from mvx.divergence import Argument
    from mvx.specification.requests import Request

    ReadInput = Callable[[int], bytes | None]
    ReadMemory = Callable[[int, int], bytes | None]

DATA_LARGEST = 1 << 16
"""Bytes of one argument that are kept; the rest is left out of reports."""

STRINGS_LARGEST = 256
VECTOR_LARGEST = 1024
_PAGE = 4096
_MASK32 = 0xFFFFFFFF

_REQUEST_AT = {
    "ioctl": 1,
    "fcntl": 1,
    "prctl": 0,
    "keyctl": 0,
    "semctl": 2,
    "msgctl": 1,
    "shmctl": 1,
}
_IOC_DIRECTIONS = ("_IO", "_IOW", "_IOR", "_IOWR")


def find_request(number: int, arguments: Sequence[int]) -> Request | None:
    """The second-level declaration of a call (ioctl, fcntl, ...), None where there is none."""
    name = specification.name(number)
    if name not in _REQUEST_AT:
        return None
    value = arguments[_REQUEST_AT[name]] & _MASK32
    table = specification.request_tables()[name]
    return next((request for request in table if request.value == value), None)


def find_parameters(number: int, arguments: Sequence[int]) -> tuple[Parameter, ...]:
    """The arguments of a call, with those of its request; empty for an undeclared call."""
    rule = specification.rule(number)
    if rule is None:
        return ()
    if rule.name not in _REQUEST_AT:
        return rule.parameters
    request = find_request(number, arguments)
    if request is None:
        encoded = encoded_parameter(arguments[1]) if rule.name == "ioctl" else None
        return (*rule.parameters[:2], encoded) if encoded else rule.parameters
    return rule.parameters[: _REQUEST_AT[rule.name] + 1] + request.parameters


def encoded_parameter(request: int) -> Parameter | None:
    """What the number of an unlisted ioctl says of its argument (asm-generic/ioctl.h)."""
    direction = Direction(request >> 30 & 3)  # _IOC_WRITE 1: the program writes, the call reads
    size = request >> 16 & 0x3FFF
    return (
        Parameter("arg", Pointer(direction, Bytes.fixed(size)), ()) if direction and size else None
    )


# Reading memory


def _read_string(read: ReadMemory, address: int) -> bytes | None:
    content = b""
    while len(content) < DATA_LARGEST:
        piece = read(address, _PAGE - address % _PAGE)
        if not piece:
            return content or None
        head, end, _ = piece.partition(b"\0")
        content += head + end
        if end:
            break
        address += len(piece)
    return content


def _read_strings(read: ReadMemory, address: int) -> bytes | None:
    content = b""
    for index in range(STRINGS_LARGEST):
        entry = read(address + 8 * index, 8)
        if entry is None or len(entry) < 8:
            return content or None
        pointer = int.from_bytes(entry, "little")
        if not pointer or len(content) >= DATA_LARGEST:
            break
        content += _read_string(read, pointer) or b"\0"
    return content


def _read_vector(read: ReadMemory, address: int, count: int, largest: int) -> bytes | None:
    table = read(address, 16 * min(count, VECTOR_LARGEST))
    if table is None:
        return None
    content = b""
    for base, length in struct.iter_unpack("<QQ", table[: len(table) // 16 * 16]):
        wanted = min(length, largest - len(content))
        if wanted <= 0:
            break
        content += read(base, wanted) or b""
    return content


def is_beyond(parameter: Parameter, operand: int) -> bool:
    """Whether the kernel refuses the call for the argument with a buffer's length, unseen."""
    if parameter.length is Length.EXACT:
        return operand != parameter.most
    return 0 < parameter.most < operand


def _length(
    parameter: Parameter, arguments: Sequence[int], result: int | None, read: ReadMemory
) -> int:
    operand = arguments[parameter.operand]
    count = max(text.signed(operand), 0)
    if is_beyond(parameter, operand):
        return 0
    match parameter.length:
        case Length.FIXED | Length.EXACT:
            return parameter.size
        case Length.ARGUMENT:
            return count * parameter.size
        case Length.RESULT:
            return min(count, max(result or 0, 0)) * parameter.size
        case Length.POINTED:
            return int.from_bytes(read(operand, 4) or b"", "little")
        case Length.BITS:
            return (count + 63) // 64 * 8
        case Length.MESSAGE:
            if parameter.direction is Direction.OUT:
                count = min(count, max(result or 0, 0))
            return 8 + count
        case Length.PAGES:
            return (count + 4095) // 4096


def inputs_from_memory(
    number: int, arguments: Sequence[int], read: ReadMemory, result: int | None = None
) -> ReadInput:
    """A source of bytes for :func:`decode_arguments`: a stopped task's memory.

    `read(address, size)` returns up to `size` bytes, None where there are none. Outputs are there
    when `result` is that of a call that succeeded.
    """
    parameters = find_parameters(number, arguments)

    def read_input(index: int) -> bytes | None:
        if index >= min(len(parameters), len(arguments)):
            return None
        parameter, address = parameters[index], arguments[index]
        if parameter.direction is Direction.NONE or not address:
            return None
        if parameter.direction is Direction.OUT and (result is None or text.signed(result) < 0):
            return None
        if parameter.kind is Kind.PATH:
            return _read_string(read, address)
        if parameter.kind is Kind.STRINGS:
            return _read_strings(read, address)
        if parameter.kind is Kind.VECTOR:
            largest = DATA_LARGEST if parameter.length is Length.ARGUMENT else max(result or 0, 0)
            count = max(text.signed(arguments[parameter.operand]), 0)
            count = 0 if is_beyond(parameter, count) else count
            return _read_vector(read, address, count, min(largest, DATA_LARGEST))
        length = _length(parameter, arguments, result, read)
        return read(address, min(length, DATA_LARGEST)) if length else b""

    return read_input


# Writing


def request_name(call: str, value: int) -> str:
    """The name of a request of `call`; an unknown ioctl as its encoding, "_IOR(0x54, 0x30, 4)"."""
    value &= _MASK32
    for request in specification.request_tables()[call]:
        if request.value == value:
            return request.name
    if call == "ioctl" and value >> 16:
        direction = _IOC_DIRECTIONS[value >> 30]
        return f"{direction}({value >> 8 & 0xFF:#x}, {value & 0xFF:#x}, {value >> 16 & 0x3FFF})"
    return hex(value)


def _bits(kind: Kind) -> int:
    return 32 if kind in (Kind.INT, Kind.DESCRIPTOR, Kind.TIMEOUT) else 64


def _write(
    call: str,
    parameter: Parameter,
    arguments: Sequence[int],
    index: int,
    data: bytes | None,
    descriptors: Mapping[int, str],
) -> str:
    value = arguments[index]
    if index == _REQUEST_AT.get(call, -1):
        return request_name(call, value)
    if parameter.direction is not Direction.NONE:
        if data is None or not value:
            return text.number("pointer", value)
        return text.buffer(parameter.text, data, parameter.structure, descriptors)
    if parameter.text == "socket_options":
        table = f"socket_options:{arguments[index - 1] & _MASK32}"
        return text.number(table, value, 32)
    bits = 32 if parameter.text == "octal" else _bits(parameter.kind)
    return text.number(parameter.text, value, bits, descriptors)


def decode_arguments(
    number: int,
    arguments: Sequence[int],
    read_input: ReadInput,
    descriptors: Mapping[int, str] | None = None,
    differing: Container[int] = (),
) -> list[Argument]:
    """Decode every argument; `differing` are the indices of those that the variants differ in.

    An undeclared call has six arguments in hexadecimal.
    """
    from mvx.divergence import Argument

    rule = specification.rule(number)
    if rule is None:
        return [
            Argument(f"arg{index + 1}", hex(value), None, differs=index in differing)
            for index, value in enumerate(arguments[:6])
        ]
    decoded = []
    for index, parameter in enumerate(find_parameters(number, arguments)[: len(arguments)]):
        data = None
        if parameter.direction is not Direction.NONE:
            data = read_input(index)
            data = None if data is None else data[:DATA_LARGEST]
        name = rule.parameters[index].name
        shown = _write(rule.name, parameter, arguments, index, data, descriptors or {})
        decoded.append(Argument(name, shown, data, differs=index in differing))
    return decoded


def decode_result(number: int, result: int, descriptors: Mapping[int, str] | None = None) -> str:
    """A call's result: a number, an address, a descriptor, or an error with its meaning."""
    result = text.signed(result)
    if -text.ERRNO_LARGEST <= result < 0:
        return text.error(-result)
    rule = specification.rule(number)
    kind = rule.result_text if rule else "int"
    if kind in {"fd", "octal", "pointer"}:
        return text.number(kind, result, 64, descriptors)
    return str(result)


def _is_shown(number: int, arguments: Sequence[int], argument: Argument) -> bool:
    # The mode of an open means something only where a file may be created (open(2)).
    if argument.name != "mode" or specification.name(number) not in {"open", "openat"}:
        return True
    index = 1 if specification.name(number) == "open" else 2
    return bool(arguments[index] & 0o20200100 & ~0o200000)


def decode_call(
    number: int,
    arguments: Sequence[int],
    result: int | None = None,
    read_input: ReadInput = lambda _: None,
    descriptors: Mapping[int, str] | None = None,
) -> str:
    """One line: the call with its arguments, and its result unless that is None."""
    shown = [
        argument.text
        for argument in decode_arguments(number, arguments, read_input, descriptors)
        if _is_shown(number, arguments, argument)
    ]
    line = f"{specification.name(number)}({', '.join(shown)})"
    return line if result is None else f"{line} = {decode_result(number, result, descriptors)}"
