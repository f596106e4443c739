"""Arenas: the shared memory in which each variant publishes, one memfd per variant.

A variant maps its own arena writable and the others' from descriptors opened read-only, so that no
``mprotect`` can make them writable. The supervisor maps all of them; to it their content is
hostile: every value is copied once and bounded.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import struct
from typing import NamedTuple

from mvx.errors import KernelLacks
from mvx.layout import (
    ARENA_SIZE,
    CALL_NUMBERS,
    HISTORY_ENTRIES,
    LANE_HEADER_SIZE,
    LANE_STRIDE,
    LANES,
    RING_SIZE,
)
from mvx.records import LANE, MESSAGE

_FALLOC_PUNCH_HOLE = 2 | 1
_RELEASE_ABOVE = 16 * 1024
_EVERYTHING = (1 << 62).to_bytes(8, "little")
_FUTEX, _FUTEX_WAKE, _FUTEX_WAKE_OP, _ALL = 202, 1, 5, 0x7FFFFFFF
_ADD_ONE = 1 << 28 | 1 << 12
"""FUTEX_WAKE_OP: add one to the second word, which then wakes nobody more (FUTEX_OP_ADD 1, and a
comparison of the old value with zero; futex(2)).
"""


class PastCall(NamedTuple):
    """A call that a variant has finished: its number, result and raw arguments."""

    number: int
    result: int
    arguments: tuple[int, ...]


def _fix(error: OSError) -> str:
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if error.errno != errno.ENOMEM or limit == resource.RLIM_INFINITY:
        return "look at RLIMIT_NOFILE and `mvx doctor`"
    return (
        f"raise the limit of the address space (`ulimit -v` is {limit >> 10}), or set it for the"
        f" program alone: mvx run -- sh -c 'ulimit -v {limit >> 10}; exec PROGRAM'"
    )


class Arena:
    """One variant's arena; `writable` and `readable` are the descriptors that variants map."""

    def __init__(self, variant: int) -> None:
        """Create the memory; it is sparse and goes when its last mapping goes."""
        try:
            self.writable = os.memfd_create(f"mvx-arena-{variant}", os.MFD_CLOEXEC)
            os.ftruncate(self.writable, ARENA_SIZE)
            self.readable = os.open(f"/proc/self/fd/{self.writable}", os.O_RDONLY | os.O_CLOEXEC)
            self._memory = mmap.mmap(self.writable, ARENA_SIZE)
        except OSError as error:
            message = f"no shared memory for variant {variant}: {error.strerror}"
            raise KernelLacks(message, fix=_fix(error)) from error

    def word(self, lane: int, field: str) -> int:
        """A 64-bit field of a lane's header."""
        start = lane * LANE_STRIDE + LANE.offset(field)
        return int.from_bytes(self._memory[start : start + 8], "little")

    def address(self, lane: int, field: str) -> int:
        """Where a field of a lane's header lies in the supervisor's memory."""
        anchor = ctypes.c_char.from_buffer(self._memory)
        return ctypes.addressof(anchor) + lane * LANE_STRIDE + LANE.offset(field)

    def set_word(self, lane: int, field: str, value: int) -> None:
        """Replace a 64-bit field of a lane's header; its owner stands still."""
        start = lane * LANE_STRIDE + LANE.offset(field)
        self._memory[start : start + 8] = value.to_bytes(8, "little")

    def read(self, offset: int, size: int) -> int:
        """An unsigned number of 4 or 8 bytes anywhere in the arena."""
        return int.from_bytes(self._memory[offset : offset + size], "little")

    def write(self, offset: int, value: int) -> None:
        """Store a number of 4 bytes."""
        self._memory[offset : offset + 4] = value.to_bytes(4, "little")

    def wake(self, offset: int) -> None:
        """Wake all that sleep on a futex word."""
        word = ctypes.c_uint32.from_buffer(self._memory, offset)
        ctypes.CDLL(None).syscall(_FUTEX, ctypes.byref(word), _FUTEX_WAKE, _ALL, None, None, 0)
        del word  # or the memory could not be given back

    def count(self, offset: int) -> None:
        """Add one to a futex word that variants count, too, and wake all that sleep on it."""
        word = ctypes.c_uint32.from_buffer(self._memory, offset)
        place = ctypes.byref(word)
        ctypes.CDLL(None).syscall(_FUTEX, place, _FUTEX_WAKE_OP, _ALL, None, place, _ADD_ONE)
        del word

    def reset(self, lane: int) -> None:
        """Make a lane new for another task set; nobody may be using it."""
        start = lane * LANE_STRIDE
        used = max(self.word(lane, "head"), self.word(lane, "tail"))
        self._memory[start : start + LANE_HEADER_SIZE] = bytes(LANE_HEADER_SIZE)
        if used > _RELEASE_ABOVE:
            libc = ctypes.CDLL(None)
            libc.fallocate(
                self.writable,
                _FALLOC_PUNCH_HOLE,
                ctypes.c_long(start + LANE_HEADER_SIZE),
                ctypes.c_long(RING_SIZE),
            )

    def abandon(self, lane: int) -> None:
        """Consent to everything on a lane, for good, and wake who waits for it."""
        start = lane * LANE_STRIDE
        self._memory[start + LANE.offset("tail") : start + LANE.offset("tail") + 8] = _EVERYTHING
        self._memory[start + LANE.offset("wanted") : start + LANE.offset("wanted") + 8] = bytes(8)
        self.wake(start + LANE.offset("tail"))

    def ring(self, lane: int, position: int, size: int) -> bytes:
        """`size` bytes (at most the ring's) that the leader published at `position`."""
        start = lane * LANE_STRIDE + LANE_HEADER_SIZE
        offset = position % RING_SIZE
        size = min(size, RING_SIZE)
        content = self._memory[start + offset : start + min(offset + size, RING_SIZE)]
        return content + self._memory[start : start + size - len(content)]

    def replace(self, lane: int, position: int, content: bytes) -> None:
        """Put other bytes where the leader, which waits, has published some."""
        start = lane * LANE_STRIDE + LANE_HEADER_SIZE
        for index, byte in enumerate(content):
            self._memory[start + (position + index) % RING_SIZE] = byte

    def message(self, lane: int, position: int) -> dict[str, int | tuple[int, ...]]:
        """The message header at a position, with the six arguments as a tuple."""
        content = self.ring(lane, position, MESSAGE.size)
        fields: dict[str, int | tuple[int, ...]] = dict(MESSAGE.unpack(content))
        start = MESSAGE.offset("arguments")
        fields["arguments"] = tuple(
            int.from_bytes(content[start + 8 * i : start + 8 * i + 8], "little") for i in range(6)
        )
        return fields

    def counts(self, lane: int) -> tuple[int, ...]:
        """How many calls of each number the variant finished on a lane."""
        start = lane * LANE_STRIDE + LANE.offset("counts")
        return struct.unpack_from(f"<{CALL_NUMBERS}I", self._memory, start)

    def calls(self, lane: int, number: int) -> int:
        """How many calls of one number the variant finished on a lane."""
        return self.read(lane * LANE_STRIDE + LANE.offset("counts") + 4 * number, 4)

    def history(self, lane: int) -> list[PastCall]:
        """The last calls that the variant finished on a lane, oldest first."""
        count = self.word(lane, "history_count")
        start = lane * LANE_STRIDE + LANE.offset("history")
        calls = []
        for index in range(max(0, count - HISTORY_ENTRIES), count):
            entry = start + index % HISTORY_ENTRIES * 64
            words = tuple(
                int.from_bytes(self._memory[entry + 8 * i : entry + 8 * i + 8], "little")
                for i in range(8)
            )
            calls.append(PastCall(words[0], words[1], words[2:]))
        return calls

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        os.close(self.writable)
        os.close(self.readable)


class Arenas:
    """The arenas of all variants, and which lanes are free."""

    def __init__(self, variants: int) -> None:
        """Create one arena per variant."""
        self.arenas = [Arena(variant) for variant in range(variants)]
        self._free = list(range(LANES - 1, -1, -1))
        self._taken: set[int] = set()
        self._abandoned: set[int] = set()

    def allocate(self) -> int | None:
        """A lane for a new task set, or None when all are taken."""
        if not self._free:
            return None
        lane = self._free.pop()
        self._taken.add(lane)
        for variant in self._abandoned:
            self.arenas[variant].abandon(lane)
        return lane

    @property
    def has_room(self) -> bool:
        """Whether there is a lane for one more task set."""
        return bool(self._free)

    def abandon(self, variant: int) -> None:
        """The run goes on without a variant: nobody waits for its consent any more."""
        self._abandoned.add(variant)
        for lane in self._taken:
            self.arenas[variant].abandon(lane)

    def release(self, lane: int) -> None:
        """Take back the lane of a task set that has ended in every variant."""
        for arena in self.arenas:
            arena.reset(lane)
        self._taken.discard(lane)
        self._free.append(lane)

    def close(self) -> None:
        """Give all memory back."""
        for arena in self.arenas:
            arena.close()
