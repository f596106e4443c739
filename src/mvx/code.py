"""Which code lies where in an address space, and which file it comes from.

The supervisor learns of every executable mapping where it is made: at exec from the kernel's list,
afterwards at the stop of the call (mmap, mprotect and mremap that make memory executable always
stop). So nobody has to read /proc/PID/maps when a site traps. What is unmapped is not told: areas
are stale then, which nobody notices until other code is mapped in their place, and that is told.

A file is known by its build-id, a note that the linker writes and that identifies the contents
(ELF note type 3, name GNU); one without is known by device, inode, size and times.
"""

from __future__ import annotations

import bisect
import os
import stat
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from mvx import elf, hashing
from mvx.codescan import CodeScan, Found
from mvx.elf import PROGRAM_HEADER, PT_LOAD, PT_NOTE
from mvx.hashing import Beginning

_HEADER: Final = struct.Struct("<16xHH12xQ14xHH")
"""Of an ELF header (elf(5)): type, machine, place of the program headers, their size and count."""
_EXECUTE: Final = 1
_NOTES_LIMIT: Final = 4096
_HEADERS_LIMIT: Final = 64
_PAGE: Final = 4096


class CodeFile:
    """A file from which code is mapped; one object per content in a run."""

    def __init__(
        self,
        key: str,
        path: str,
        ends: tuple[int, ...],
        found: Found,
        hashes: tuple[Beginning, ...] = (),
    ) -> None:
        """`ends`: where in the file executable segments end."""
        self.key = key
        """Build-id in hexadecimal digits, or `stat-` and what stat(2) says."""
        self.path = path
        """The path by which it was first mapped."""
        self.found = found
        """Instructions that are to be replaced."""
        self.hashes = hashes
        """Functions that make numbers of addresses."""
        self._ends = ends

    def has_all_stamps(self, offset: int, size: int) -> bool:
        """Whether all instructions are known that read the time stamp counter in a mapped piece of
        the file.
        """
        return any(
            first & -_PAGE <= offset and offset + size <= end + _PAGE - 1 & -_PAGE
            for first, end in self.found.spans
        )

    def room(self, offset: int, size: int) -> tuple[int, int]:
        """The part of a mapped piece of the file that lies in the last page of an executable
        segment, but behind it: file offsets, (0, 0) if there is none.
        """
        for end in self._ends:
            last = end + _PAGE - 1 & -_PAGE
            if offset < end < last <= offset + size:
                return end, last
        return 0, 0


class Area(NamedTuple):
    """Executable memory that shows a file, mapped privately; `offset`: of `start` in the file."""

    start: int
    end: int
    offset: int
    file: CodeFile

    @property
    def size(self) -> int:
        """Bytes of it."""
        return self.end - self.start

    def place(self, address: int) -> int:
        """The file offset of an address."""
        return address - self.start + self.offset


class CodeMap:
    """The areas of one address space; a fork copies them."""

    def __init__(self, areas: tuple[Area, ...] = ()) -> None:
        """Areas in the order of their addresses."""
        self._areas = list(areas)
        self._starts = [area.start for area in areas]

    def __iter__(self) -> Iterator[Area]:
        """All areas, lowest first."""
        return iter(self._areas)

    def copy(self) -> CodeMap:
        """The same for a child that got a copy of the memory."""
        return CodeMap(tuple(self._areas))

    def find(self, address: int) -> Area | None:
        """The area in which an address lies."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._areas[index].end:
            return None
        return self._areas[index]

    def add(self, area: Area) -> None:
        """New code was mapped."""
        index = bisect.bisect_left(self._starts, area.start)
        self._areas.insert(index, area)
        self._starts.insert(index, area.start)

    def overlaps(self, start: int, end: int) -> bool:
        """Whether an area has bytes in a range."""
        return any(area.start < end and start < area.end for area in self._areas)

    def remove(self, start: int, end: int) -> list[Area]:
        """Forget the areas of which something lies in a range, and return them."""
        found = [area for area in self._areas if area.start < end and start < area.end]
        if found:
            self._areas = [area for area in self._areas if area not in found]
            self._starts = [area.start for area in self._areas]
        return found


class CodeFiles:
    """The files of one run, each looked into once."""

    def __init__(self, *, scan: CodeScan | None = None) -> None:
        """Nothing is known yet. `scan` looks for instructions that are to be replaced, None: none
        are.
        """
        self._known: dict[tuple[int, ...], CodeFile | None] = {}
        self._scan = scan

    def close(self) -> None:
        """Forget the cache."""
        if self._scan is not None:
            self._scan.close()

    def open(
        self, link: str, path: str, *, inode: tuple[int, int] | None = None
    ) -> CodeFile | None:
        """The file that a path leads to, such as ``/proc/TID/fd/3``; None when it cannot be told.

        `path` is the name to show. `inode`: the device and inode that it must be.
        """
        try:
            status = os.stat(link)
        except OSError:
            return None
        if inode is not None and inode != (status.st_dev, status.st_ino):
            return None
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if key not in self._known:
            self._known[key] = self._look(link, path, status, key)
        return self._known[key]

    def _look(
        self, link: str, path: str, status: os.stat_result, key: tuple[int, ...]
    ) -> CodeFile | None:
        if not stat.S_ISREG(status.st_mode):
            return None
        try:
            descriptor = os.open(link, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError:
            return None
        try:
            ends, build_id = _read(descriptor)
            name = build_id or "stat-" + "-".join(f"{part:x}" for part in key)
            hashes = hashing.find(descriptor, path)
            found = Found({}, {}, ())
            if self._scan is not None:
                found = self._scan.look(descriptor, name, status.st_size)
        except (OSError, ValueError, struct.error):
            return None
        finally:
            os.close(descriptor)
        return CodeFile(name, path, ends, found, hashes)


def _read(descriptor: int) -> tuple[tuple[int, ...], str]:
    """The ends of the executable segments, and the build-id or nothing."""
    start = os.pread(descriptor, _PAGE, 0)
    if not start.startswith(b"\x7fELF\x02\x01"):
        return (), ""
    _, _, place, size, count = _HEADER.unpack_from(start)
    if size != PROGRAM_HEADER.size or count > _HEADERS_LIMIT:
        return (), ""
    table = start[place : place + size * count]
    if len(table) < size * count:
        table = os.pread(descriptor, size * count, place)
    ends = []
    build_id = ""
    for kind, flags, offset, _, _, length, _, _ in PROGRAM_HEADER.iter_unpack(table):
        if kind == PT_LOAD and flags & _EXECUTE:
            ends.append(offset + length)
        elif kind == PT_NOTE and not build_id and length <= _NOTES_LIMIT:
            end = offset + length
            notes = start[offset:end] if end <= _PAGE else os.pread(descriptor, length, offset)
            build_id = elf.build_id(notes).hex()
    return tuple(ends), build_id
