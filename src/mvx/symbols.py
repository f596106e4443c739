"""Names for addresses in a stopped process: module, build-id, function.

The facts this rests on:

- /proc/PID/maps shows one line per mapping; a newline in a path is written as backslash 012, and
  the path of an unlinked file ends in ` (deleted)` (proc_pid_maps(5)).
- /proc/PID/map_files/START-END opens the mapped inode itself, even a deleted one, but needs
  privilege; /proc/PID/root + path is the way without it (proc_pid_map_files(5), proc_pid_root(5)).
- An ELF file counts addresses as it was linked (p_vaddr). Loaded, they are shifted by one constant,
  the bias: start of the mapping - (p_vaddr - p_offset + file offset). It is 0 in a non-PIE
  program, so one formula serves both (elf(5)).
- The build-id is the descriptor of the note with name GNU and type 3; debug files lie at
  /usr/lib/debug/.build-id/XX/REST.debug.
- The vDSO is an ELF image that exists in memory only (vdso(7)).

The process may be hostile: it chooses its mappings, paths and files. So files are read with pread,
never mapped (a file cut short under a mapping kills its reader with SIGBUS); only regular files are
opened; every table has a limit; and whatever fails leaves a name out, never raises.
"""

import contextlib
import os
import stat
import struct
import weakref
from bisect import bisect_right
from collections.abc import Callable, MutableMapping, Sequence
from functools import cached_property
from typing import NamedTuple

from mvx import elf
from mvx.divergence import Frame

Memory = Callable[[int, int], bytes]
"""Reads (address, size) of a stopped process; raises OSError or returns less where it cannot."""

Images = MutableMapping[tuple[int, ...], "Image"]
"""Images already opened, by the file's identity; share one between the variants of a run."""

MAPS_LIMIT_BYTES = 16 << 20
IMAGE_LIMIT_BYTES = 1 << 20  # of an ELF image that is read from memory
NOTES_LIMIT_BYTES = 1 << 16
SYMBOLS_LIMIT = 1 << 19
NAME_LIMIT_BYTES = 512
FRAMES_LIMIT_BYTES = 8 << 20  # of .eh_frame, where it must be read whole
DEBUG_ROOT = "/usr/lib/debug/.build-id"

PT_LOAD, PT_NOTE, PT_GNU_EH_FRAME = 1, 4, 0x6474E550
PF_X = 1
SHT_SYMTAB, SHT_DYNSYM = 2, 11
STT_NOTYPE, STT_FUNC, STT_GNU_IFUNC, STB_GLOBAL = 0, 2, 10, 1
SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym: name, info, other, section, value, size
_BROKEN = (OSError, ValueError, struct.error, IndexError, OverflowError)


class Segment(NamedTuple):
    """One program header; `start` is the address it was linked at; `space` its size in memory."""

    kind: int
    flags: int
    offset: int
    start: int
    size: int
    space: int


class Section(NamedTuple):
    """One section header; `name` is where its name lies in the names' section."""

    name: int
    kind: int
    start: int
    offset: int
    size: int
    link: int


class Symbol(NamedTuple):
    """A function or label; `name` is where its name lies in the file.

    Without an exact size it may reach to the next symbol, at most to the end of its section.
    """

    start: int
    size: int
    name: int
    exact: bool
    public: bool


class Image:
    """A read-only view of an ELF file: segments, build-id, functions. All addresses as linked.

    `read(offset, size)` gives the file's bytes. Raises ValueError, OSError or struct.error when it
    is not a complete 64-bit little-endian ELF file.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        """Read the headers; the rest is read when it is asked for."""
        self._read = read
        header = read(0, 64)
        if len(header) < 64 or header[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        table, sections, count, *numbers = struct.unpack("<32xQQ8xH2xHH", header)
        self._sections = sections, *numbers
        data = read(table, count * 56)
        self.segments = [Segment(*entry) for entry in struct.iter_unpack("<IIQQ8xQQ8x", data)]

    @classmethod
    def open(cls, path: str, images: Images) -> "Image":
        """Open a regular file, or return it from `images`. Raises OSError or ValueError."""
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ValueError(f"{path}: not a regular file")
        with contextlib.ExitStack() as cleanup:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
            cleanup.callback(os.close, descriptor)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError(f"{path}: not a regular file")
            key = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            if key not in images:
                images[key] = cls(lambda offset, size: os.pread(descriptor, size, offset))
                weakref.finalize(images[key], cleanup.pop_all().close)
            return images[key]

    def segment(self, kind: int) -> Segment | None:
        """Return the first segment of that kind."""
        return next((segment for segment in self.segments if segment.kind == kind), None)

    def at(self, address: int, size: int) -> bytes:
        """Return the file's bytes at a linked address, fewer where its segment ends."""
        for kind, _, offset, start, held, _ in self.segments:
            if kind == PT_LOAD and start <= address < start + held:
                return self._read(offset + address - start, min(size, start + held - address))
        return b""

    def linked(self, offset: int, *, executable: bool) -> int | None:
        """Return the linked address of a file offset (two segments may share a page: prefer)."""
        found = [
            segment
            for segment in self.segments
            if segment.kind == PT_LOAD
            and segment.offset & ~0xFFF <= offset < segment.offset + max(segment.size, 1)
        ]
        found.sort(key=lambda segment: bool(segment.flags & PF_X) != executable)
        return found[0].start - found[0].offset + offset if found else None

    @cached_property
    def build_id(self) -> str:
        """The build-id in hexadecimal, or nothing."""
        for segment in self.segments:
            if segment.kind != PT_NOTE:
                continue
            notes = self._read(segment.offset, min(segment.size, NOTES_LIMIT_BYTES))
            if found := elf.build_id(notes):
                return found[:64].hex()
        return ""

    def function(self, address: int) -> tuple[str, int] | None:
        """Return the name and start of the function that holds a linked address.

        Without debug information local functions have no symbol: the nearest symbol before is
        given only if its size covers the address, for a wrong name is worse than none.
        """
        for image in (self, self._debug):
            if image is not None and (found := image.own_function(address)) is not None:
                return found
        return None

    def own_function(self, address: int) -> tuple[str, int] | None:
        """Like `function`, from this file's own tables only."""
        for starts, symbols in self._functions:
            last = bisect_right(starts, address)
            best: Symbol | None = None
            for symbol in reversed(symbols[max(0, last - 32) : last]):
                if best is not None and symbol.start != best.start:
                    break
                following = starts[last : last + 1] if not symbol.exact else []
                if address < min([symbol.start + symbol.size, *following]):
                    best = symbol if best is None else max(best, symbol, key=self._preference)
            if best is not None:
                return self._name(best), best.start
        return None

    def _preference(self, symbol: Symbol) -> tuple[int, int, int]:
        name = self._name(symbol)
        return -len(name) + len(name.lstrip("_")), symbol.public, -len(name)

    def _name(self, symbol: Symbol) -> str:
        name, _, _ = self._read(symbol.name, NAME_LIMIT_BYTES).partition(b"\0")
        return name.decode("utf-8", "backslashreplace")

    @cached_property
    def _functions(self) -> list[tuple[list[int], list[Symbol]]]:
        """Sorted starts and symbols: of functions, then of labels in code (assembler sources)."""
        tables: dict[int, list[Symbol]] = {STT_FUNC: [], STT_NOTYPE: []}
        with contextlib.suppress(*_BROKEN):
            self._read_symbols(tables)
        for table in tables.values():
            table.sort()
        return [([symbol.start for symbol in table], table) for table in tables.values()]

    def _read_symbols(self, tables: dict[int, list[Symbol]]) -> None:
        chosen = [section for section in self._headers if section.kind in (SHT_SYMTAB, SHT_DYNSYM)]
        if not chosen:
            return
        table = min(chosen, key=lambda section: section.kind)
        names = self._headers[table.link].offset
        ends = [section.start + section.size for section in self._headers]
        code = [(s.start, s.start + s.space) for s in self.segments if s.flags & PF_X]
        data = self._read(table.offset, min(table.size, SYMBOLS_LIMIT * SYMBOL.size))
        data = data[: len(data) // SYMBOL.size * SYMBOL.size]
        for name, info, _, section, value, size in SYMBOL.iter_unpack(data):
            kind = STT_FUNC if info & 15 in (STT_FUNC, STT_GNU_IFUNC) else info & 15
            defined = 0 < section < len(ends) and any(low <= value < high for low, high in code)
            if kind in tables and defined:
                reach, public = size or ends[section] - value, info >> 4 == STB_GLOBAL
                tables[kind].append(Symbol(value, reach, names + name, size > 0, public))

    @cached_property
    def _headers(self) -> list[Section]:
        start, count, _ = self._sections
        data = self._read(start, count * 64)
        return [Section(*entry) for entry in struct.iter_unpack("<II8xQQQI20x", data)]

    @cached_property
    def descriptions(self) -> list[tuple[int, int]]:
        """Sorted (start of a function, address of its FDE), for files without .eh_frame_hdr.

        (`gcc -static` makes such.) Read from .eh_frame, with pointers of 4 bytes that are relative
        to their place, as assemblers write them. Raises as the constructor does.
        """
        names = self._headers[self._sections[2]].offset
        found = []
        for section in self._headers:
            if self._read(names + section.name, 10) != b".eh_frame\0":
                continue
            data, at = self.at(section.start, min(section.size, FRAMES_LIMIT_BYTES)), 0
            while at + 12 <= len(data):
                size, common, start = struct.unpack_from("<IIi", data, at)
                if common and size:
                    found.append((section.start + at + 8 + start, section.start + at))
                at += size + 4
        return sorted(found)

    @cached_property
    def _debug(self) -> "Image | None":
        if len(self.build_id) < 6:
            return None
        try:
            return Image.open(f"{DEBUG_ROOT}/{self.build_id[:2]}/{self.build_id[2:]}.debug", {})
        except _BROKEN:
            return None


class Area(NamedTuple):
    """One mapping: a line of /proc/PID/maps; `path` is empty or unescaped."""

    start: int
    end: int
    permissions: str
    offset: int
    path: str


class Module(NamedTuple):
    """What an address belongs to; `bias` is its start where there is no ELF `image`."""

    name: str
    image: Image | None
    bias: int


def areas(maps: bytes) -> list[Area]:
    """Read the text of /proc/PID/maps; lines that make no sense are left out."""
    found = []
    for line in maps.split(b"\n"):
        parts = line.split(None, 5)
        try:
            start, end = (int(part, 16) for part in parts[0].split(b"-"))
            path = os.fsdecode(parts[5].replace(b"\\012", b"\n")) if len(parts) > 5 else ""
            found.append(Area(start, end, parts[1].decode("ascii"), int(parts[2], 16), path))
        except (ValueError, IndexError):
            continue
    return sorted(found)


class Modules:
    """The mappings of one stopped process, and names for its addresses.

    A picture of the moment it was made; a file is opened when an address in it is asked for. No
    method raises.
    """

    def __init__(
        self,
        found: Sequence[Area],
        *,
        pid: int | None = None,
        memory: Memory | None = None,
        names: Sequence[tuple[int, int, str]] = (),
        images: Images | None = None,
    ) -> None:
        """Take the mappings as they are.

        `pid` opens the files behind them, `memory` reads images without a file (the vDSO); `names`
        gives (start, end, name) for memory that has a better name than the kernel's.
        """
        self.areas = sorted(found)
        self._starts = [area.start for area in self.areas]
        self._pid = pid
        self._memory = memory
        self._named = [Area(start, end, "", 0, name) for start, end, name in names]
        self._images: Images = {} if images is None else images
        self._modules: dict[Area, Module] = {}

    @classmethod
    def of_process(
        cls,
        pid: int,
        *,
        memory: Memory | None = None,
        names: Sequence[tuple[int, int, str]] = (),
        images: Images | None = None,
    ) -> "Modules":
        """Read the mappings of a process up to a limit; none if the process is gone."""
        try:
            with open(f"/proc/{pid}/maps", "rb") as file:
                maps = file.read(MAPS_LIMIT_BYTES)
        except OSError:
            maps = b""
        return cls(areas(maps), pid=pid, memory=memory, names=names, images=images)

    def area(self, address: int) -> Area | None:
        """Return the mapping that holds the address."""
        at = bisect_right(self._starts, address) - 1
        return self.areas[at] if at >= 0 and address < self.areas[at].end else None

    def executable(self, address: int) -> bool:
        """Say whether instructions can run at the address."""
        area = self.area(address)
        return area is not None and "x" in area.permissions

    def module(self, address: int) -> Module | None:
        """Return what the address belongs to; None where nothing is mapped."""
        named = (area for area in self._named if area.start <= address < area.end)
        area = next(named, None) or self.area(address)
        if area is not None and area not in self._modules:
            with_file = area.path.startswith("/") and area.permissions
            self._modules[area] = (self._of_file if with_file else self._in_memory)(area)
        return self._modules[area] if area is not None else None

    def frame(self, address: int, *, exact: bool, reliable: bool = True) -> Frame:
        """Name an address. Unless `exact`, it is a return address: the call before it is named.

        (A call that never returns may be the last instruction of its function.)
        """
        inside = address if exact else address - 1
        module = self.module(inside)
        if module is None:
            return Frame(address, "[unmapped]", "", address, None, 0, reliable)
        offset, image = address - module.bias, module.image
        build_id, function = "", None
        if image is not None:
            with contextlib.suppress(*_BROKEN):
                build_id = image.build_id
                function = image.function(inside - module.bias)
        name, start = function or (None, offset)
        return Frame(address, module.name, build_id, offset, name, offset - start, reliable)

    def _in_memory(self, area: Area) -> Module:
        """Look for an ELF image in memory, such as the vDSO's."""
        name = area.path or "[anonymous]"
        with contextlib.suppress(*_BROKEN):
            if self._memory is not None and self._memory(area.start, 4) == b"\x7fELF":
                data = self._memory(area.start, min(area.end - area.start, IMAGE_LIMIT_BYTES))
                image = Image(lambda offset, size: data[offset : offset + size])
                linked = image.linked(0, executable=True)
                if linked is not None:
                    return Module(name, image, area.start - linked)
        return Module(name, None, area.start)

    def _of_file(self, area: Area) -> Module:
        name = area.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        paths = [f"/proc/{self._pid}/map_files/{area.start:x}-{area.end:x}"]
        if not area.path.endswith(" (deleted)"):
            paths.append(f"/proc/{self._pid}/root{area.path}")
        for path in paths if self._pid is not None else ():
            try:
                image = Image.open(path, self._images)
                linked = image.linked(area.offset, executable="x" in area.permissions)
            except _BROKEN:
                continue
            if linked is not None:
                return Module(name, image, area.start - linked)
        return Module(name, None, area.start - area.offset)
