"""`--threads ordered`, the supervisor's part: leading a C library's functions to the agent.

A dynamic linker finds a function by the library's table of symbols. When the code of a library is
mapped that has the functions of :mod:`mvx.hooks`, the symbols' values in that table are replaced:
they lead to stubs of the agent, which knows where the functions are (``agent/order.c``). So every
object that is linked afterwards, `dlsym` and the library's own calls through its table come to the
agent, without a change of code.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import atomics, elf, kernel, rules
from mvx.atomics import Atomic
from mvx.atomicsites import Patching
from mvx.elf import PT_LOAD
from mvx.hooks import HELPERS, HOOKS, OBJECTS
from mvx.kernel import MASK
from mvx.layout import HOOKED_OFFSET, ORDER_OFFSET
from mvx.records import HOOKED, ORDER
from mvx.rules import Threads
from mvx.sitecache import SiteCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mvx.code import Area
    from mvx.kernel import Registers
    from mvx.monitor import Monitor
    from mvx.options import Options
    from mvx.tasks import AddressSpace, Task

_SYMBOL: Final = struct.Struct("<IBBHQQ")
"""Elf64_Sym: name, information, other, section, value, size."""
_VALUE: Final = 8
_WORD: Final = struct.Struct("<Q")
_SHT_DYNSYM: Final = 11
_SHT_VERSYM: Final = 0x6FFFFFFF
_HIDDEN: Final = 0x8000
_STUB_SIZE: Final = 16
_REQUIRED: Final = ("pthread_create", "pthread_mutex_lock", "sem_wait", "printf", *HELPERS)
"""What is in a library that is a C library with threads, in one file."""


_UNORDERED: Final = (b"pthread_cancel",)
"""Functions that stop a thread at a place which is not the same in all variants."""


_EMPTY: Final = 1
"""In the cache, a number that stands for no instruction: a file may have none."""
_KEPT_MOST: Final = 4000


class Ways:
    """Which programs' threads run in parallel."""

    def __init__(self, *, ordered: bool, exceptions: Sequence[Threads]) -> None:
        """`ordered`: those of all but of the exceptions; the first one that matches counts."""
        self._ordered = ordered
        self._exceptions = exceptions
        self.may_be_ordered = ordered or any(each.way == "ordered" for each in exceptions)

    def are_ordered(self, executed: str) -> bool:
        """Whether those of a file are."""
        for each in self._exceptions:
            if fnmatch.fnmatchcase(executed, each.program):
                return each.way == "ordered"
        return self._ordered


def ways(options: Options) -> Ways:
    """What the command line and the files of rules say. Rules that ask for threads in parallel
    count with `--threads auto` only; those that ask for one at a time always.
    """
    found = [each for path in options.rules for each in rules.load(path).threads]
    if options.threads not in {"auto", "ordered"}:
        found = []
    return Ways(ordered=options.threads == "ordered", exceptions=found)


class _Symbol(NamedTuple):
    """A symbol that a file defines: where its value is stored, and that value."""

    place: int
    value: int


@dataclasses.dataclass(frozen=True)
class _Library:
    """A C library; addresses as it is linked."""

    functions: dict[str, tuple[_Symbol, ...]]
    """By name; several versions of a symbol may mean the same function."""
    objects: dict[str, int]


class Ordering:
    """Hooks the C libraries of a run."""

    def __init__(self, monitor: Monitor, ways: Ways) -> None:
        """Works on the monitor's tasks; `ways` tells which programs' threads run in parallel."""
        self._monitor = monitor
        self._ways = ways
        self._ran: dict[str, bool] = {}
        """Files whose threads ran in parallel: whether their variants agreed."""
        use = monitor.options.site_cache
        self._cache = SiteCache("atomics", use=use)
        self._atomics: dict[str, tuple[bytes, list[Atomic]]] = {}
        """By the key of a file."""

    def mapped(self, task: Task, link: str, start: int, offset: int) -> None:
        """Code of a file was mapped; `link` leads to it, `offset` is where `start` is in it."""
        space = task.space
        if (
            space is None
            or space.order.is_hooked
            or not self._ways.are_ordered(kernel.executed(task.tid))
        ):
            return
        try:
            with open(link, "rb") as stream:
                content = stream.read()
            library = _look(content)
        except (OSError, ValueError, struct.error, IndexError):
            return
        if library is None:
            return
        if self._hook(task, space, library, start, start - _linked(content, offset)):
            loader = [area.start for area, _ in space.started[1:]]
            space.order.own = frozenset((start, *loader))
            space.order.is_hooked = True

    def _hook(
        self, task: Task, space: AddressSpace, library: _Library, start: int, base: int
    ) -> bool:
        """Lead a library's functions to the agent; False when its symbols are not as expected.

        `start` is where its code is, `base` where its first byte is linked to.
        """
        stubs = task.variant.base + self._monitor.image.offsets["hook_stubs"]
        names = (*HOOKS, *HELPERS)
        addresses = [0] * len(names)
        values: dict[int, int] = {}
        for number, name in enumerate(names):
            symbols = library.functions.get(name, ())
            if symbols:
                addresses[number] = base + symbols[0].value
            if name in HOOKS and (HOOKS[name].plain or name) in library.functions:
                stub = stubs + number * _STUB_SIZE - base
                for symbol in symbols:
                    if space.memory.readable(base + symbol.place, 8) != _WORD.pack(symbol.value):
                        return False
                    values[base + symbol.place] = stub & MASK
        objects = [
            base + library.objects[name] if name in library.objects else number + 1 << 4
            for number, name in enumerate(OBJECTS)
        ]
        state = space.base + ORDER_OFFSET
        space.memory.write(state, struct.pack(f"<{len(addresses)}Q", *addresses))
        place = state + ORDER.offset("objects")
        space.memory.write(place, struct.pack(f"<{len(objects)}Q", *objects))
        area = space.sites.code.find(start)
        if area is None:
            return False
        place = state + ORDER.offset("library")
        space.memory.write(place, struct.pack("<2Q", area.start, area.end))
        for place, value in values.items():
            space.memory.write(place, _WORD.pack(value))
        space.order.stubs = range(stubs, stubs + len(HOOKS) * _STUB_SIZE)
        return True

    def code_mapped(self, task: Task, start: int, current: Registers) -> None:
        """Code was mapped into an address space, whose threads may be running."""
        space = task.space
        if space is None or not space.order.is_parallel:
            return
        area = space.sites.code.find(start)
        if area is not None and area.start == start:
            self._lead(task, area, current)

    def begin(self, parent: Task, current: Registers) -> None:
        """A task that is alone in its memory, stopped before a call, is about to get company."""
        space = parent.space
        assert space is not None
        if space.order.is_parallel or parent.turns:
            return
        executed = kernel.executed(parent.tid)
        if not self._ways.are_ordered(executed):
            return
        reason = self._obstacle(parent, space)
        if reason:
            name = os.path.basename(executed)
            message = f"{name}: threads run one at a time (--threads serial): {reason}"
            self._monitor.warn(f"ordered:{name}", message)
            return
        for area in space.sites.code:
            self._lead(parent, area, current)
        self.ran(parent)
        space.order.is_parallel = True
        parent.parallel = True
        self._monitor.write_field(parent, "parallel", 1)
        self._monitor.write_field(parent, "joins", 0)

    def ran(self, task: Task) -> None:
        """The threads of what a task executes run in parallel."""
        self._ran.setdefault(kernel.executed(task.tid), True)

    def diverged(self, task: Task) -> None:
        """A task's variants have disagreed; that of programs in parallel is told."""
        if task.space is None or not task.space.order.is_parallel:
            return
        executed = kernel.executed(task.tid)
        if self._ran.get(executed):
            self._ran[executed] = False
            name = os.path.basename(executed)
            message = f"{name}: its variants disagree when its threads run in parallel"
            self._monitor.warn(f"parallel:{name}", message)

    def proposals(self) -> list[Threads]:
        """How the threads of the programs of this run should run in the next one."""
        return [
            Threads(
                "its variants agreed in parallel"
                if agreed
                else "its variants disagreed in parallel",
                rules.literal(executed),
                "ordered" if agreed else "serial",
            )
            for executed, agreed in self._ran.items()
        ]

    def _obstacle(self, task: Task, space: AddressSpace) -> str:
        """Why the threads of a program cannot run in parallel; empty if they can."""
        if not space.order.is_hooked:
            return "it has no C library whose functions could be found by name"
        areas = [area for area in space.sites.code if area.start not in space.order.own]
        known = [(area.start, area.end) for area in space.sites.code]
        if any(not any(a < end and start < b for a, b in known) for start, end in space.code):
            return "it makes code while it runs"
        for area in areas:
            content, found = self._instructions(task, area)
            if not content:
                return f"{area.file.path} cannot be read"
            if any(not atomic.operation for atomic in found):
                return f"{area.file.path} has atomic instructions that mvx cannot imitate"
            if any(b"\0" + name + b"\0" in content for name in _UNORDERED):
                return f"{area.file.path} cancels threads"
        return ""

    def _lead(self, task: Task, area: Area, current: Registers) -> None:
        """Lead the atomic instructions of an area to the agent."""
        assert task.space is not None
        state = task.space.order
        if area.start in state.own or area.start in state.atomics.areas:
            return
        state.atomics.areas.add(area.start)
        content, found = self._instructions(task, area)
        if found:
            Patching(task, area, self._monitor.image.offsets, current).apply(found, content)

    def _instructions(self, task: Task, area: Area) -> tuple[bytes, list[Atomic]]:
        """A file and its atomic instructions."""
        key = area.file.key
        if key not in self._atomics:
            try:
                content = Path(f"/proc/{task.tid}/root{area.file.path}").read_bytes()
                self._atomics[key] = content, self._find(key, content)
            except (OSError, ValueError, struct.error, IndexError):
                self._atomics[key] = b"", []
        return self._atomics[key]

    def _find(self, key: str, content: bytes) -> list[Atomic]:
        known = self._cache.load(key).get(key, set())
        found = atomics.remembered(content, known - {_EMPTY}) if known else None
        if found is None:
            found = atomics.find(content)
            if len(found) < _KEPT_MOST:
                self._cache.save(key, {key: atomics.marks(found) | {_EMPTY}})
        return found

    def trapped(self, task: Task) -> bool:
        """Whether a task met a breakpoint in place of an atomic instruction; it goes on there."""
        if task.space is None or not task.space.order.atomics.traps:
            return False
        current = kernel.registers(task.tid)
        index = task.space.order.atomics.traps.get(current.rip - 1)
        if index is None:
            return False
        self._monitor.write_field(task, "atomic", index)
        current.rip = task.variant.base + self._monitor.image.offsets["enter_atomic"]
        kernel.go_on(task.tid, current)
        return True

    @staticmethod
    def prepare(child: Task) -> None:
        """A new thread is in no hooked function."""
        assert child.space is not None
        child.space.memory.write(child.slot_address + HOOKED_OFFSET, bytes(HOOKED.size))

    @staticmethod
    def end(space: AddressSpace, slot: int) -> None:
        """A forked child has one thread, which has no section of its own."""
        if space.order.is_hooked:
            place = space.base + ORDER_OFFSET + ORDER.offset("buckets")
            space.memory.write(place, bytes(ORDER.size - ORDER.offset("buckets")))
            sections = HOOKED.offset("calls") - HOOKED.offset("sections")
            place = space.slot_address(slot) + HOOKED_OFFSET + HOOKED.offset("sections")
            space.memory.write(place, bytes(sections))


def _linked(content: bytes, offset: int) -> int:
    """The address at which the byte at a file offset is linked."""
    for segment in elf.segments(content):
        start = segment.offset
        if segment.kind == PT_LOAD and start & -4096 <= offset < start + segment.size:
            return segment.address - start + offset
    raise ValueError(offset)


def _look(content: bytes) -> _Library | None:
    """The functions of a file that is a C library. Raises ValueError, struct.error."""
    sections, _ = elf.sections(content)
    symbols = next((each for each in sections if each.kind == _SHT_DYNSYM), None)
    if symbols is None:
        return None
    versions = next((each for each in sections if each.kind == _SHT_VERSYM), None)
    names_offset = sections[symbols.link].offset
    wanted = {*HOOKS, *HELPERS, *_REQUIRED, *OBJECTS}
    found: dict[str, list[tuple[bool, _Symbol]]] = {}
    for number in range(symbols.size // _SYMBOL.size):
        name_at, _, _, section, value, _ = _SYMBOL.unpack_from(
            content, symbols.offset + number * _SYMBOL.size
        )
        if not section:
            continue
        end = content.index(b"\0", names_offset + name_at)
        name = content[names_offset + name_at : end].decode("ascii", errors="replace")
        if name not in wanted:
            continue
        hidden = False
        if versions is not None:
            version = struct.unpack_from("<H", content, versions.offset + 2 * number)[0]
            hidden = bool(version & _HIDDEN)
        place = symbols.address + number * _SYMBOL.size + _VALUE
        found.setdefault(name, []).append((hidden, _Symbol(place, value)))
    if not all(name in found for name in _REQUIRED):
        return None
    functions = {}
    for name, ways in found.items():
        default = min(ways)[1]
        functions[name] = tuple(sorted((each for _, each in ways if each.value == default.value)))
    return _Library(functions, {name: found[name][0][1].value for name in OBJECTS if name in found})
