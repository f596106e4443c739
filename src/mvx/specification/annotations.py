"""What stands behind the colons of a declaration: kinds of arguments, lengths of buffers.

A plain value is a :class:`Scalar` (``Fd``, ``Size``, ``OpenFlags``); a pointer is ``In[...]``,
``Out[...]`` or ``InOut[...]`` around what it points to: a
:class:`~mvx.specification.structures.Structure`, ``Path``, ``Strings``, or one of :class:`Bytes`,
:class:`Array`, :class:`Vector` and :class:`Bits`, which name the argument that holds their length.
"""

from __future__ import annotations

from typing import Any

from .structures import Structure
from .vocabulary import Direction, Kind, Length, ResultKind

SIGSET_BYTES = 8
"""The kernel refuses a set of signals of another size (kernel/signal.c)."""
_IOV_MAX = 1024
"""UIO_MAXIOV of linux/uio.h."""
_SOCKET_ADDRESS_MAX = 128
"""sizeof(struct sockaddr_storage): move_addr_to_kernel in net/socket.c refuses more."""


class Scalar:
    """A value in a register: how it is compared (`kind`) and written for people (`text`)."""

    __slots__ = ("kind", "text")

    def __init__(self, kind: Kind, text: str) -> None:
        self.kind = kind
        self.text = text

    @property
    def result(self) -> ResultKind:
        """What a result of this type is."""
        if self.text == "fd":
            return ResultKind.DESCRIPTOR
        if self.kind is Kind.UNUSED:
            return ResultKind.ZERO
        return ResultKind.ADDRESS if self.kind is Kind.ADDRESS else ResultKind.VALUE


class Buffer:
    """What a pointer points to; `operand` names the argument with its length, "" for none.

    Where that argument is more than `most` (0: no bound) the kernel refuses the call and looks at
    nothing.
    """

    __slots__ = ("kind", "length", "most", "operand", "size", "structure", "text")

    def __init__(
        self,
        kind: Kind,
        length: Length,
        operand: str = "",
        size: int = 1,
        structure: Structure | None = None,
        text: str = "bytes",
        most: int = 0,
    ) -> None:
        self.kind = kind
        self.most = most
        self.length = length
        self.operand = operand
        self.size = size
        self.structure = structure
        self.text = text


class Pointer:
    """A pointer argument: a buffer and the way its bytes travel."""

    __slots__ = ("buffer", "direction")

    def __init__(self, direction: Direction, buffer: Buffer) -> None:
        self.direction = direction
        self.buffer = buffer


def _pointer(direction: Direction, pointee: Any) -> Pointer:
    if isinstance(pointee, Structure):
        pointee = Buffer(Kind.BYTES, Length.FIXED, "", pointee.size, pointee, "structure")
    if not isinstance(pointee, Buffer):
        raise TypeError(f"a pointer cannot point to {pointee!r}")
    return Pointer(direction, pointee)


class In:
    """A pointer to bytes that the call reads."""

    def __class_getitem__(cls, pointee: Any) -> Pointer:
        """Return the annotation."""
        return _pointer(Direction.IN, pointee)


class Out:
    """A pointer to bytes that the call writes."""

    def __class_getitem__(cls, pointee: Any) -> Pointer:
        """Return the annotation."""
        return _pointer(Direction.OUT, pointee)


class InOut:
    """A pointer to bytes that the call reads and writes."""

    def __class_getitem__(cls, pointee: Any) -> Pointer:
        """Return the annotation."""
        return _pointer(Direction.IN_OUT, pointee)


class Bytes(Buffer):
    """As many bytes as an argument says, in units of `unit` bytes."""

    __slots__ = ()

    def __init__(self, argument: str, unit: int = 1, text: str = "bytes", *, most: int = 0) -> None:
        super().__init__(Kind.BYTES, Length.ARGUMENT, argument, unit, None, text, most)

    @staticmethod
    def result(capacity: str, unit: int = 1, text: str = "bytes") -> Buffer:
        """As many units as the call returns, at most as many as the argument `capacity` says."""
        return Buffer(Kind.BYTES, Length.RESULT, capacity, unit, None, text)

    @staticmethod
    def pointed(argument: str, text: str = "bytes") -> Buffer:
        """As many bytes as the 32-bit integer says that the argument points to.

        It holds the capacity before and the length after the call.
        """
        return Buffer(Kind.BYTES, Length.POINTED, argument, 1, None, text)

    @staticmethod
    def fixed(size: int, text: str = "bytes") -> Buffer:
        """Always `size` bytes."""
        return Buffer(Kind.BYTES, Length.FIXED, "", size, None, text)

    @staticmethod
    def message(argument: str) -> Buffer:
        """A System V message: 8 bytes of type and as many of text as the argument says."""
        return Buffer(Kind.BYTES, Length.MESSAGE, argument, 1)


class Exactly(Buffer):
    """A structure, or so many bytes, where an argument is exactly `wanted`: else it is refused."""

    __slots__ = ()

    def __init__(
        self, argument: str, wanted: int, pointee: Structure | int, text: str = "structure"
    ) -> None:
        structure = pointee if isinstance(pointee, Structure) else None
        size = pointee.size if isinstance(pointee, Structure) else pointee
        super().__init__(Kind.BYTES, Length.EXACT, argument, size, structure, text, wanted)


class PerPage(Buffer):
    """A byte for each page of as many bytes as an argument says."""

    __slots__ = ()

    def __init__(self, argument: str) -> None:
        super().__init__(Kind.BYTES, Length.PAGES, argument, 1, None, "bytes")


class Array(Buffer):
    """As many structures as an argument says."""

    __slots__ = ()

    def __init__(self, structure: Structure, argument: str, *, most: int = 0) -> None:
        size = structure.size
        super().__init__(Kind.BYTES, Length.ARGUMENT, argument, size, structure, "structures", most)

    @staticmethod
    def result(structure: Structure, capacity: str) -> Buffer:
        """As many structures as the call returns, at most as many as `capacity` says."""
        return Buffer(Kind.BYTES, Length.RESULT, capacity, structure.size, structure, "structures")


class Vector(Buffer):
    """As many struct iovec as an argument says; all their bytes count."""

    __slots__ = ()

    def __init__(self, argument: str) -> None:
        super().__init__(Kind.VECTOR, Length.ARGUMENT, argument, 1, None, "vector", _IOV_MAX)

    @staticmethod
    def result(argument: str) -> Buffer:
        """Only as many of the bytes count as the call returns."""
        return Buffer(Kind.VECTOR, Length.RESULT, argument, 1, None, "vector")


class Bits(Buffer):
    """As many bits as an argument says, rounded up to whole 64-bit words (fd_set)."""

    __slots__ = ()

    def __init__(self, argument: str) -> None:
        super().__init__(Kind.BYTES, Length.BITS, argument, 1, None, "bits")


class SocketAddress(Buffer):
    """A struct sockaddr of as many bytes as an argument says."""

    __slots__ = ()

    def __init__(self, argument: str) -> None:
        kind, most = Kind.SOCKET_ADDRESS, _SOCKET_ADDRESS_MAX
        super().__init__(kind, Length.ARGUMENT, argument, 1, None, "socket_address", most)


Path = Buffer(Kind.PATH, Length.FIXED, "", 0, None, "path")
String = Buffer(Kind.PATH, Length.FIXED, "", 0, None, "string")
Strings = Buffer(Kind.STRINGS, Length.FIXED, "", 0, None, "strings")
Int32 = Bytes.fixed(4, "int")
Int64 = Bytes.fixed(8, "int")
SigSet = Exactly("sigsetsize", SIGSET_BYTES, SIGSET_BYTES, "sigset")


def _int(text: str) -> Scalar:
    return Scalar(Kind.INT, text)


def _long(text: str) -> Scalar:
    return Scalar(Kind.LONG, text)


Int, UInt, Octal, Hex = _int("int"), _int("unsigned"), _int("octal"), _int("hex")
Long, Size, Flags = _long("int"), _long("unsigned"), _long("hex")
Timeout = Scalar(Kind.TIMEOUT, "int")
Zero = Scalar(Kind.UNUSED, "int")
"""The result of a call that returns nothing else than 0 or an error."""
Fd, DirFd = Scalar(Kind.DESCRIPTOR, "fd"), Scalar(Kind.DESCRIPTOR, "dirfd")
Address = Scalar(Kind.ADDRESS, "pointer")
Own = Scalar(Kind.OPAQUE, "pointer")
"""A value that belongs to the variant and is never compared."""
Unused = Scalar(Kind.OPAQUE, "none")
Pid, Uid, Gid, Signal = _int("pid"), _int("uid"), _int("uid"), _int("signal")
Clock = _int("clocks")
OpenFlags, AccessMode, AtFlags, Seek = (
    _int("open_flags"),
    _int("access_mode"),
    _int("at_flags"),
    _int("seek"),
)
StatusFlags, UnlinkFlags, MemfdFlags = (
    _int("status_flags"),
    _int("unlink_flags"),
    _int("memfd_flags"),
)
IntervalTimer, UsageOf, FileAdvice = _int("interval_timers"), _int("usage_of"), _int("file_advice")
MemoryPolicy, Control = _int("memory_policies"), _int("control")
OpenMode = Scalar(Kind.OPAQUE, "octal")
"""The handler compares it where a file may be created; elsewhere the kernel ignores it and the
register holds garbage.
"""
Request = Scalar(Kind.OPAQUE, "request")
"""What it is depends on the request: see the tables (requests.py). The handler compares it."""
Family, SocketType, MessageFlags = _int("families"), _int("socket_types"), _int("message_flags")
Level, SocketOption, Shutdown = _int("socket_levels"), _int("socket_options"), _int("shutdown")
Protection, MapFlags, RemapFlags = _long("protection"), _long("map_flags"), _long("remap_flags")
Advice, SyncFlags = _int("advice"), _int("sync_flags")
CloneFlags, WaitOptions, IdType = _long("clone_flags"), _int("wait_options"), _int("id_types")
FutexOperation, MaskHow, EpollOperation = (
    _int("futex_operation"),
    _int("mask_how"),
    _int("epoll_operations"),
)
Resource, RandomFlags, LockOperation = (
    _int("resources"),
    _int("random_flags"),
    _int("lock_operations"),
)
FcntlCommand, IoctlRequest, PrctlOption = _int("fcntl"), _int("ioctl"), _int("prctl")
KeyOperation = _int("keyctl")
ArchPrctl, RenameFlags, Policy = _int("arch_prctl"), _int("rename_flags"), _int("policies")
