"""The words with which a system call is declared.

A declaration is an ordinary Python signature::

    @leader(effect=True)
    def write(fd: Fd, buf: In[Bytes("count")], count: Size) -> Size:
        "One line for people: what it does or why it is treated so."

The decorator says who executes the call, each annotation how an argument is compared and which way
its bytes travel. The names of the arguments are those of the kernel's prototype. This module
imports nothing of the program; the generator (:mod:`mvx.generate`) validates the declarations and
writes the agent's tables from them.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Executor(enum.IntEnum):
    """Who executes a call."""

    UNKNOWN = 0
    LEADER = 1
    """Once, by the leader; followers receive result and outputs."""
    EVERYONE = 2
    """First by the leader, then by each follower natively; the followers return the leader's
    result.
    """
    LOCAL = 3
    """By each variant natively, neither synchronised nor compared (memory management, futexes)."""
    NATIVE = 4
    """By each variant in the program's own context under the supervisor's eyes (fork, exec,
    sigreturn).
    """
    REFUSED = 5
    """By nobody: the program gets an errno."""


class CallFlag(enum.IntFlag):
    """Properties of a call."""

    EFFECT = 1
    """Something outside the variant can observe it: a rendezvous under the policy `effects`."""
    SENSITIVE = 2
    """Leaves by the traced gate: the supervisor verifies it."""
    SETTLE = 4
    """The leader goes on only after every follower has done it too (chdir: a later rename must not
    overtake).
    """
    DESCRIPTOR = 8
    """The first argument is a descriptor: on an `own` descriptor the call is local."""
    SIGNAL_MASK = 16
    """Blocks under a signal mask of its own (ppoll, sigsuspend)."""
    NO_RETURN = 32
    """Does not come back (exit)."""
    OUT_ON_ERROR = 64
    """The outputs are written although the call fails (an interrupted nanosleep's remainder)."""
    NEW_NAME = 128
    """The last path names something that must not exist yet: followers take the random part of the
    leader's name.
    """
    REMOVES = 256
    """Takes away or replaces what a follower may have still to open for itself: a rendezvous under
    every policy.
    """


class Kind(enum.IntEnum):
    """What an argument is, and so how it is compared."""

    UNUSED = 0
    INT = 1
    """32 bits are compared: the upper half of the register is garbage for an `int`."""
    LONG = 2
    """64 bits are compared."""
    ADDRESS = 3
    """Only whether it is NULL is compared."""
    OPAQUE = 4
    """Not compared at all."""
    DESCRIPTOR = 5
    """A descriptor number (32 bits)."""
    PATH = 6
    """Pointer to a C string."""
    BYTES = 7
    """Pointer to bytes whose length :class:`Length` tells."""
    VECTOR = 8
    """Pointer to an array of struct iovec; the operand argument holds their number."""
    STRINGS = 9
    """NULL-terminated array of C strings (argv, envp)."""
    SOCKET_ADDRESS = 10
    """As BYTES, but an input is compared by family: no sin_zero, no bytes after the end of a
    sun_path.
    """
    TIMEOUT = 11
    """32 bits, of which it is compared whether they are negative, zero or more: how long it is to
    the next timer follows from the time, which threads ask for more or less often (elastic.c).
    """


def timeout_sign(value: int) -> int:
    """What is compared of a register with a timeout: -1, 0 or 1."""
    number = value & 0xFFFFFFFF
    return -1 if number >> 31 else min(number, 1)


class Direction(enum.IntEnum):
    """Which way the bytes behind a pointer travel."""

    NONE = 0
    IN = 1
    OUT = 2
    IN_OUT = 3


class Length(enum.IntEnum):
    """Where the length of a buffer is found."""

    FIXED = 0
    """`size` bytes."""
    ARGUMENT = 1
    """The operand argument times `size`."""
    RESULT = 2
    """The call's result times `size`, at most the operand argument times `size`."""
    POINTED = 3
    """A 32-bit length behind the pointer in the operand argument: capacity before, true length
    after the call.
    """
    BITS = 4
    """The operand argument is a number of bits, rounded up to 64 (fd_set)."""
    MESSAGE = 5
    """A System V message: 8 bytes of type, then the operand argument's (outputs: the result's)
    bytes.
    """
    PAGES = 6
    """A byte for each page of as many bytes as the operand argument says (mincore)."""
    EXACT = 7
    """`size` bytes where the operand argument is `most`, else none: the kernel refuses the call."""


class ResultKind(enum.IntEnum):
    """What a result is."""

    VALUE = 0
    """A number or -errno; the same in every variant."""
    DESCRIPTOR = 1
    """A new descriptor: followers install a placeholder with the same number."""
    ADDRESS = 2
    """A variant's own address."""
    ZERO = 3
    """0 or -errno."""


class Handler(enum.IntEnum):
    """The hand-written part of the agent that treats an irregular call."""

    NONE = 0
    OPEN = 1
    CLOSE = 2
    DUPLICATE = 3
    FCNTL = 4
    IOCTL = 5
    CLOSE_RANGE = 6
    PIPE = 7
    EPOLL_CREATE = 8
    EPOLL_CONTROL = 9
    EPOLL_WAIT = 10
    SEND_MESSAGE = 11
    RECEIVE_MESSAGE = 12
    SEND_MESSAGES = 13
    RECEIVE_MESSAGES = 14
    MEMFD = 15
    OPTION = 16
    """prctl, keyctl: the table of the call's options tells of the arguments after the first."""
    PRLIMIT = 17
    TIMER_CREATE = 18
    PSELECT = 19
    MMAP = 20
    EXEC = 21
    EXIT = 22
    CLONE = 23
    WAIT = 25
    CONTROL = 26
    """semctl, msgctl, shmctl: the table of the call's requests tells of the last argument."""
    TID_ADDRESS = 27
    ORDER = 28
    """Waits for other threads of the process, or wakes them: in the order of their turns."""
    NAMESPACES = 29
    CLOCK = 30
    """Answered by the vDSO's function, where it can be called."""
    HANDLES = 31
    """name_to_handle_at, open_by_handle_at: the structure says how long it is."""
    VMSPLICE = 32
    """Which end of a pipe it is says which way the bytes go."""


class Support(enum.StrEnum):
    """How well a call is supported."""

    FULL = "full"
    PARTIAL = "partial"
    REFUSED = "refused"


CLOEXEC_ALWAYS = 255
"""`cloexec` of a call whose new descriptor is always closed at exec (pidfd_open, mq_open)."""


class Field(NamedTuple):
    """A compared field: bytes [offset, offset + size); of an address only whether it is NULL."""

    offset: int
    size: int
    address: bool = False
