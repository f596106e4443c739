"""Calls that each variant makes for itself: memory management, futexes.

They are let go at the place where the program made them, after a look at what they could do to the
monitor: nothing may map, unmap or protect the agent's region. Files that are mapped shared come
here from the agent, which has compared the call; no follower maps one writable (see copies.py).
"""

from __future__ import annotations

import contextlib
import os
import stat
from typing import Final

from mvx import calls, kernel
from mvx.code import CodeFile
from mvx.elf import is_elf
from mvx.kernel import MASK, Registers, signed
from mvx.layout import DESCRIPTORS, DESCRIPTORS_MAX, KEPT_MASK
from mvx.monitor import Monitor
from mvx.segments import Segments
from mvx.tasks import Task

_MMAP: Final = 9
_RANGES: Final = {9, 10, 11, 25, 26, 28, 329, 462, 216}
"""Calls whose first two arguments are an address range."""
_MREMAP: Final = 25
_PROTECTING: Final = {10, 329}
_SHMAT: Final = 30
_ARCH_PRCTL: Final = 158
_MAP_SHARED: Final = 1
_MAP_PRIVATE: Final = 2
_MAP_TYPE: Final = 0xF
_MAP_FIXED: Final = 0x10
_MAP_ANONYMOUS: Final = 0x20
_PROT_WRITE: Final = 2
_PROT_EXEC: Final = 4
_HELD: Final = frozenset(list(DESCRIPTORS).index(kept) for kept in ("MAPPED", "OWN"))
_EACCES: Final = 13
_ENOMEM: Final = 12
_EPERM: Final = 1
_EINVAL: Final = 22
_ARCH_SET_GS: Final = 0x1001
_ARCH_SET_FS: Final = 0x1002
_ARCH_GET_FS: Final = 0x1003
_ARCH_GET_GS: Final = 0x1004
_SEGMENT_MAX: Final = 1 << 30
"""How far a System V segment is taken to reach, whose size its attachment does not tell."""


class Local:
    """Checks local calls and lets them go."""

    def __init__(self, monitor: Monitor) -> None:
        """Works on the monitor's tasks."""
        self._monitor = monitor
        self._segments = Segments(len(monitor.variants))
        self._numbers = calls.LOCAL
        if monitor.ordered:
            self._numbers -= calls.ORDERED

    def is_local(self, number: int) -> bool:
        """Whether each variant makes this call for itself."""
        return number in self._numbers

    def shares(self, task: Task, current: Registers) -> bool:
        """Whether a call goes through the agents: it maps a file shared, or one that followers
        cannot open, which is compared where there is somebody to compare with (agent/shared.c); or
        a segment, before which the agents join (agent/turns.c).
        """
        if current.orig_rax == _SHMAT:
            return self._monitor.joins
        return self._maps_file(task, current)

    def _maps_file(self, task: Task, current: Registers) -> bool:
        if (
            current.orig_rax != _MMAP
            or current.r10 & _MAP_ANONYMOUS
            or len(self._monitor.variants) == 1
        ):
            return False
        return bool(current.r10 & _MAP_SHARED) or not _holds(task, current.r8 & 0xFFFFFFFF)

    def is_placed_by_agent(self, current: Registers) -> bool:
        """Whether a call maps a file privately, not to run it, at no address of the program's
        choice: the agent chooses one without a stop (agent/places.c).
        """
        return (
            current.orig_rax == _MMAP
            and not current.rdi
            and not current.rdx & _PROT_EXEC
            and current.r10 & (_MAP_TYPE | _MAP_ANONYMOUS) == _MAP_PRIVATE
            and self._monitor.options.verify != "all"
        )

    def call(self, task: Task, current: Registers) -> None:
        """Let a stopped local call go, or refuse it."""
        number = current.orig_rax
        error = 0
        if number == _MMAP:
            error = self._check_mapping(task, current) if self._maps_file(task, current) else 0
        elif number == _SHMAT:
            error = self._segments.translate(task, current)
        elif number == _ARCH_PRCTL:
            error = _check_arch(current)
        if not error and number in _RANGES and self._touches_agent(task, current):
            error = _ENOMEM
        if error:
            current.orig_rax = MASK
            current.rax = -error & MASK
            kernel.set_registers(task.tid, current)
        elif number == _MMAP and self._map(task, current):
            return
        elif task.offers or (_shares(current) and self._monitor.ordered):
            task.on_exit_stop = self._shared
            kernel.resume(task.tid, to_syscall_exit=True)
            return
        elif number in _PROTECTING and current.rdx & _PROT_EXEC and task.space is not None:
            self._appeared(task, current.rdi, current.rsi)
            self._monitor.sites.mapped(task, current.rdi, current.rsi, None, current)
            if self._monitor.timestamps.must_trap(task.space, None, current.rsi):
                task.on_exit_stop = self._protected
                kernel.resume(task.tid, to_syscall_exit=True)
                return
        kernel.resume(task.tid)

    def _map(self, task: Task, current: Registers) -> bool:
        """Give a file that may hold code, or memory for code, an address that no other variant
        executes; other files the same address in all variants; see to code that appears.

        The kernel keeps rdi over a call, and compilers rely on that: it is put back at the exit.
        """
        is_code = bool(current.rdx & _PROT_EXEC)
        is_file = not current.r10 & _MAP_ANONYMOUS
        is_placed = not current.rdi and (is_code or is_file)
        if task.space is None or not (is_placed or is_code):
            return False
        file = None
        if is_code and is_file and current.r10 & _MAP_TYPE == _MAP_PRIVATE:
            found = self._monitor.sites.file(task, current.r8 & 0xFFFFFFFF)
            file = (found, current.r9) if found is not None else None
        is_certain = bool(current.r10 & _MAP_FIXED) and not task.offers
        is_certain &= self._monitor.ordering is None
        must_trap = is_code and self._monitor.timestamps.must_trap(task.space, file, current.rsi)
        is_certain &= not must_trap
        if file is not None and is_certain and not self._patches(task, file[0]):
            # Nothing is to be written there. Should the call fail, there is no code to run.
            self._appeared(task, current.rdi, current.rsi)
            self._monitor.sites.mapped(task, current.rdi, current.rsi, file, current)
            return False
        if is_placed:
            placement, index = self._monitor.placement, task.space.files_mapped
            if is_code or _may_hold_code(task, current):
                current.rdi = placement.file_address(task.space.home, index)
            else:
                current.rdi = placement.data_address(index)
            task.space.files_mapped += 1
            kernel.set_registers(task.tid, current)

        def mapped(task: Task, stopped: Registers) -> None:
            """The exit of the call."""
            self._note(task, stopped)
            if is_placed:
                if signed(stopped.rax) < 0 and task.space is not None:
                    task.space.files_mapped -= 1
                stopped.rdi = 0
                kernel.set_registers(task.tid, stopped)
            if is_code and signed(stopped.rax) > 0:
                self._appeared(task, stopped.rax, stopped.rsi)
                self._monitor.sites.mapped(task, stopped.rax, stopped.rsi, file, stopped)
                if file is not None and self._monitor.ordering is not None:
                    link = f"/proc/{task.tid}/fd/{stopped.r8 & 0xFFFFFFFF}"
                    self._monitor.ordering.mapped(task, link, stopped.rax, file[1])
                    self._monitor.ordering.code_mapped(task, stopped.rax, stopped)
                if must_trap:
                    self._monitor.timestamps.trap(task)
            kernel.resume(task.tid)

        task.on_exit_stop = mapped
        kernel.resume(task.tid, to_syscall_exit=True)
        return True

    def _protected(self, task: Task, _: Registers) -> None:
        """The exit of a call that let memory be executed which is not as a file has it."""
        self._monitor.timestamps.trap(task)
        kernel.resume(task.tid)

    def _patches(self, task: Task, file: CodeFile) -> bool:
        assert task.space is not None
        return self._monitor.sites.knows(task.space, file)

    def _appeared(self, task: Task, start: int, size: int) -> None:
        assert task.space is not None
        zone = self._monitor.placement.zone(task.space.home)
        self._monitor.disjoint.appeared(task, start, size, placed=start in zone)

    def _touches_agent(self, task: Task, current: Registers) -> bool:
        base, end = self._monitor.region(task.variant)
        ranges = [(current.rdi, current.rsi)]
        if current.orig_rax == _MREMAP:
            ranges.append((current.r8, current.rdx))
        return any(start < end and start + size > base and start for start, size in ranges)

    def _check_mapping(self, task: Task, current: Registers) -> int:
        """A file is mapped that others see, or only the leader. Returns an errno if that must not
        be, else 0.
        """
        if task.is_leader:
            lead = self._monitor.arenas.arenas[0].word(task.set.lane, "number") == _MMAP + 1
            return self._monitor.copies.asked(task, current) if lead else 0  # else each its own
        task.fetches = False
        name = ""
        with contextlib.suppress(OSError):
            name = os.readlink(f"/proc/{task.tid}/fd/{current.r8 & 0xFFFFFFFF}")
        if _is_shareable(current) and not name.startswith("/memfd:"):
            return _EACCES
        return 0

    def _shared(self, task: Task, stopped: Registers) -> None:
        """The exit of a call that maps memory which other processes may share."""
        self._note(task, stopped)
        kernel.resume(task.tid)

    def _note(self, task: Task, stopped: Registers) -> None:
        if task.offers:
            self._monitor.copies.mapped(task, succeeded=signed(stopped.rax) > 0)
        if self._monitor.ordered and _is_shareable(stopped):
            _note_shared(task, stopped)


def _may_hold_code(task: Task, current: Registers) -> bool:
    """Whether parts of a file that is mapped without the right to execute it may get that right.
    Loaders map the whole span of an ELF file privately first.
    """
    if current.r10 & _MAP_TYPE != _MAP_PRIVATE:
        return False
    path = f"/proc/{task.tid}/fd/{current.r8 & 0xFFFFFFFF}"
    with contextlib.suppress(OSError):
        return stat.S_ISREG(os.stat(path).st_mode) and is_elf(path)
    return True


def _holds(task: Task, number: int) -> bool:
    """Whether every variant has a descriptor of its own by which it can map a file for itself."""
    if task.space is None or task.table is None:
        return True
    if number >= DESCRIPTORS_MAX:
        return False
    place = task.space.table_address(task.table.index) + 2 * number
    return task.space.memory.read(place, 1)[0] & KEPT_MASK in _HELD


def _shares(current: Registers) -> bool:
    """Whether a call maps memory that other processes may share, or a file of which others have
    copies.
    """
    return current.orig_rax == _SHMAT or (
        current.orig_rax == _MMAP and bool(current.r10 & _MAP_SHARED)
    )


def _is_shareable(current: Registers) -> bool:
    return current.orig_rax == _SHMAT or bool(current.rdx & _PROT_WRITE and _shares(current))


def _note_shared(task: Task, stopped: Registers) -> None:
    start = stopped.rax
    if task.space is None or signed(start) < 0:
        return
    size = stopped.rsi if stopped.orig_rax == _MMAP else _SEGMENT_MAX
    task.space.turns.share(task.space, start, start + size)


def _check_arch(current: Registers) -> int:
    match current.rdi:
        case 0x1002 | 0x1003:
            return 0
        case 0x1001 | 0x1004:
            return _EPERM
        case _:
            return _EINVAL
