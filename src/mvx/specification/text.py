"""How values are written for people: flags by name, bytes quoted, structures by member.

The bytes may have been chosen by an attacker: what is not printable is escaped, and lengths are
bounded.
"""

from __future__ import annotations

import errno
import os
import signal
import struct
from collections.abc import Callable, Mapping

from .constants import FIELDS, FLAGS, VALUES
from .structures import Member, Structure

BYTES_SHOWN = 48
ELEMENTS_SHOWN = 8
AT_FDCWD = -100
ERRNO_LARGEST = 4095

Descriptors = Mapping[int, str]

_ESCAPES = {0x5C: "\\\\", 0x22: '\\"', 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x00: "\\0"}


def signed(value: int, bits: int = 64) -> int:
    """The low `bits` bits of a register as a signed number."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def quoted(data: bytes, shown: int = BYTES_SHOWN) -> str:
    """Bytes between quotes, as in C; "..." after them where some are left out."""
    parts = []
    for index, byte in enumerate(data[:shown]):
        following = data[index + 1 : index + 2]
        if byte == 0 and following.isdigit():
            parts.append("\\x00")
        elif byte in _ESCAPES:
            parts.append(_ESCAPES[byte])
        else:
            parts.append(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
    return f'"{"".join(parts)}"{"..." if len(data) > shown else ""}'


def flags(table: str, value: int) -> str:
    """A number as names joined with "|"; bits without a name in hexadecimal."""
    parts = []
    field = FIELDS.get(table, 0)
    low = value & field
    rest = value & ~field
    for bits, name in FLAGS[table].items():
        if rest & bits == bits:
            parts.append(name)
            rest &= ~bits
    if table == "clone_flags":
        if low:
            parts.append(signal_name(low))
    elif field:
        names = VALUES[f"{table}:value"]
        if low or 0 in names:
            parts.insert(0, names.get(low, hex(low)))
    if rest:
        parts.append(hex(rest))
    return "|".join(parts) or "0"


def signal_name(number: int) -> str:
    """The name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRT_{number - 32}" if 32 <= number <= 64 else str(number)


def signal_set(value: int) -> str:
    """A signal mask: "[INT TERM]", or with a tilde what it leaves out when that is shorter."""
    inverted = value.bit_count() > 32
    if inverted:
        value = ~value & (1 << 64) - 1
    names = [signal_name(bit + 1).removeprefix("SIG") for bit in range(64) if value >> bit & 1]
    return f"{'~' if inverted else ''}[{' '.join(names)}]"


def descriptor(number: int, descriptors: Descriptors) -> str:
    """A descriptor's number and what it stands for: "3</etc/passwd>"."""
    if number not in descriptors:
        return str(number)
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in descriptors[number])
    return f"{number}<{shown}>"


def _access_mode(value: int) -> str:
    return "F_OK" if value == 0 else flags("access_mode", value)


def _octal(value: int) -> str:
    return f"0{value:o}" if value else "0"


_WRITERS: dict[str, Callable[[int, int], str]] = {
    "int": lambda value, bits: str(signed(value, bits)),
    "pid": lambda value, bits: str(signed(value, bits)),
    "uid": lambda value, _: str(-1 if value == 0xFFFFFFFF else value),
    "unsigned": lambda value, _: str(value),
    "hex": lambda value, _: hex(value) if value else "0",
    "request": lambda value, _: hex(value) if value else "0",
    "octal": lambda value, _: _octal(value),
    "pointer": lambda value, _: hex(value) if value else "NULL",
    "none": lambda value, _: hex(value) if value else "0",
    "signal": lambda value, _: signal_name(value),
    "sigset": lambda value, _: signal_set(value),
    "limit": lambda value, _: "RLIM64_INFINITY" if value == (1 << 64) - 1 else str(value),
    "access_mode": lambda value, _: _access_mode(value),
}


def number(text: str, value: int, bits: int = 64, descriptors: Descriptors | None = None) -> str:
    """A number as its type says: a name from the tables, or a plain number.

    `text` is that of a :class:`~.annotations.Scalar` or :class:`~.structures.Member`; `value` may
    have rubbish above `bits`.
    """
    value &= (1 << bits) - 1
    if text in {"fd", "dirfd"}:
        own = signed(value, 32)
        return "AT_FDCWD" if own == AT_FDCWD else descriptor(own, descriptors or {})
    if text in _WRITERS:
        return _WRITERS[text](value, bits)
    if text in FLAGS:
        return flags(text, value)
    if text in VALUES:
        return VALUES[text].get(signed(value, bits), hex(value))
    return hex(value)


def _member(member: Member, data: bytes, descriptors: Descriptors) -> str:
    if member.text == "string":
        return quoted(data.split(b"\0", 1)[0])
    if member.size > 8 or member.text == "bytes":
        return quoted(data)
    return number(member.text, int.from_bytes(data, "little"), member.size * 8, descriptors)


def structure(layout: Structure, data: bytes, descriptors: Descriptors) -> str:
    """A structure as "{name=value, ...}", without what is each variant's own."""
    if not layout.members:
        return quoted(data)
    parts = [
        f"{name}={_member(member, data[offset : offset + member.size], descriptors)}"
        for name, offset, member in layout.members
        if member.comparison != "own" and offset + member.size <= len(data)
    ]
    return f"{{{', '.join(parts)}}}"


def structures(layout: Structure, data: bytes, descriptors: Descriptors) -> str:
    """An array of structures."""
    pieces = [data[start : start + layout.size] for start in range(0, len(data), layout.size)]
    parts = [structure(layout, piece, descriptors) for piece in pieces[:ELEMENTS_SHOWN]]
    return f"[{', '.join(parts)}{', ...' if len(pieces) > ELEMENTS_SHOWN else ''}]"


def bits(data: bytes) -> str:
    """A set of descriptors (fd_set): "[0 3 4]"."""
    members = [
        str(byte * 8 + bit)
        for byte in range(min(len(data), 128))
        for bit in range(8)
        if data[byte] >> bit & 1
    ]
    return f"[{' '.join(members)}]"


def strings(data: bytes) -> str:
    """Strings that end with NUL each, as a list."""
    pieces = data.split(b"\0")[:-1] if data else []
    shown = [quoted(piece) for piece in pieces[:ELEMENTS_SHOWN]]
    return f"[{', '.join(shown)}{', ...' if len(pieces) > ELEMENTS_SHOWN else ''}]"


def socket_address(data: bytes) -> str:
    """A struct sockaddr."""
    if len(data) < 2:
        return quoted(data)
    family = int.from_bytes(data[:2], "little")
    name = VALUES["families"].get(family, str(family))
    if name == "AF_INET" and len(data) >= 8:
        port, *address = struct.unpack(">H4B", data[2:8])
        return f"{{AF_INET, {'.'.join(map(str, address))}:{port}}}"
    if name == "AF_INET6" and len(data) >= 24:
        import ipaddress

        port = int.from_bytes(data[2:4], "big")
        return f"{{AF_INET6, [{ipaddress.IPv6Address(data[8:24])}]:{port}}}"
    if name == "AF_UNIX":
        path = data[2:]
        if not path:
            return "{AF_UNIX}"
        abstract = path.startswith(b"\0")
        shown = quoted(path[1:] if abstract else path.split(b"\0", 1)[0], 108)
        return f"{{AF_UNIX, {'@' if abstract else ''}{shown}}}"
    if name == "AF_NETLINK" and len(data) >= 12:
        pid, groups = struct.unpack("<II", data[4:12])
        return f"{{AF_NETLINK, pid={pid}, groups={groups:#x}}}"
    return f"{{{name}, {quoted(data[2:])}}}"


def descriptor_pair(data: bytes, descriptors: Descriptors) -> str:
    """The two new descriptors of pipe and socketpair."""
    return f"[{', '.join(descriptor(fd, descriptors) for fd in struct.unpack('<ii', data[:8]))}]"


def buffer(text: str, data: bytes, layout: Structure | None, descriptors: Descriptors) -> str:
    """The bytes behind a pointer, as their type says."""
    if layout is not None:
        whole = len(data) <= layout.size and text == "structure"
        return (structure if whole else structures)(layout, data, descriptors)
    if text in {"path", "string"}:
        return quoted(data.split(b"\0", 1)[0], 256)
    if text == "strings":
        return strings(data)
    if text == "bits":
        return bits(data)
    if text == "socket_address":
        return socket_address(data)
    if text == "sigset" and len(data) >= 8:
        return signal_set(int.from_bytes(data[:8], "little"))
    if text == "fds" and len(data) >= 8:
        return descriptor_pair(data, descriptors)
    if text == "int" and len(data) <= 8:
        return f"[{signed(int.from_bytes(data, 'little'), len(data) * 8 or 8)}]"
    return quoted(data)


def errno_name(number: int) -> str:
    """The name of an errno as the manual pages write it; "" for a number without one."""
    synonyms = {35: "EDEADLK", 95: "EOPNOTSUPP"}
    return synonyms.get(number) or errno.errorcode.get(number, "")


def error(number: int) -> str:
    """A result below zero: "-1 ENOENT (No such file or directory)"."""
    name = errno_name(number)
    return f"-1 {name} ({os.strerror(number)})" if name else f"-1 errno {number}"
