"""A follower takes over from a leader that is in the minority (`--on-divergence drop`).

What only the leader has - descriptors, children, process numbers, terminal, locks - belongs to its
process, not to its memory. So the process stays, and the follower moves in: the memory of the
leader's program is unmapped, the follower's is copied to the same addresses, with registers,
signal handlers and what the agent knows of descriptors, and the process goes on in the call that
the follower was about to make. The follower itself is dropped afterwards: two variants with one
layout would be two votes for one payload. (docs/decisions/0008-the-follower-moves-in.md)

It works where the leader's process has one thread and has done nothing since the call about which
the variants disagree. Else the reason is said, and the caller does something else.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, Final

from mvx import kernel, procfs, remote
from mvx.kernel import FRAME_SIZE, MASK, Registers, TaskGoneError
from mvx.layout import (
    COOKIES_OFFSET,
    DESCRIPTOR_TABLE_COUNT,
    DOMAIN_OFFSET,
    HISTORY_ENTRIES,
    PLACES_OFFSET,
    PROCESS_OFFSET,
    TASK_SLOT_SIZE,
)
from mvx.newimage import Mapping, mappings
from mvx.records import COOKIES_TABLE, PLACES_TABLE
from mvx.remote import Remote
from mvx.specification.table import RULES
from mvx.tasks import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mvx.monitor import Monitor
    from mvx.tasks import Task, TaskSet

_MMAP, _MUNMAP, _BRK, _SIGACTION, _PRCTL = 9, 11, 12, 13, 157
_SIGALTSTACK, _SET_ROBUST_LIST, _GET_ROBUST_LIST = 131, 273, 274
_MAP_FLAGS: Final = 0x02 | 0x20 | 0x4000 | 0x100000
"""MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE."""
_GROWS_DOWN: Final = 0x100
_PR_SET_MM, _PR_SET_MM_MAP = 35, 14
_SIGNALS: Final = range(1, 65)
_UNCATCHABLE: Final = (9, 19)
_ACTION_SIZE: Final = 32
_ALTERNATE_STACK_SIZE: Final = 24
_SCRATCH: Final = 0x400
"""Where in a task slot buffers of remote calls lie: past struct task, far below the stack."""
_PAGE: Final = 4096
_PRESENT: Final = 3 << 62
"""Bits of /proc/PID/pagemap: the page is in memory, or swapped out."""
_CHUNK_PAGES: Final = 256
_SCANNED_PAGES: Final = 1 << 15
_RESERVED: Final = 1 << 30
"""A mapping without rights from that size on is a reservation: there is nothing in it."""
_WITHOUT_TRACE: Final = frozenset(
    (
        *("access", "capget", "clock_getres", "clock_gettime"),
        *("clock_nanosleep", "faccessat", "faccessat2", "fstat"),
        *("fstatfs", "getcpu", "getcwd", "getegid"),
        *("geteuid", "getgid", "getgroups", "getitimer"),
        *("getpeername", "getpgid", "getpgrp", "getpid"),
        *("getppid", "getpriority", "getrandom", "getresgid"),
        *("getresuid", "getrlimit", "getrusage", "getsid"),
        *("getsockname", "getsockopt", "gettid", "gettimeofday"),
        *("getuid", "getxattr", "lgetxattr", "fgetxattr"),
        *("lstat", "nanosleep", "newfstatat", "poll"),
        *("ppoll", "pread64", "preadv", "preadv2"),
        *("pselect6", "readlink", "readlinkat", "rt_sigaction"),
        *("rt_sigpending", "rt_sigprocmask", "sched_get_priority_max", "sched_get_priority_min"),
        *("sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield"),
        *("select", "sigaltstack", "stat", "statfs"),
        *("statx", "sysinfo", "time", "times"),
        *("uname",),
    )
)
"""What a leader may have done alone before a follower takes over: the kernel keeps nothing of it,
or only what the follower brings with it.
"""
_SPECIAL: Final = ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]")


class Impossible(Exception):
    """The leader cannot be taken over; the text says why."""


class Takeover:
    """Puts a follower's state into the leader's process."""

    def __init__(self, monitor: Monitor) -> None:
        """For one run."""
        self._monitor = monitor

    def candidate(self, task_set: TaskSet, against: frozenset[int]) -> Task:
        """The follower that is to take over; nothing has happened yet. Raises Impossible."""
        leader = task_set.tasks.get(0)
        if leader is None or leader.state is State.ENDED or leader.space is None:
            raise Impossible("it has ended")
        if leader.space.users > 1 or self._threads(leader) > 1:
            raise Impossible("its process has several threads")
        if leader.birth is not None or leader.on_exit_stop is not None:
            raise Impossible("it is about to create a process or to execute a program")
        for index in sorted(against):
            follower = task_set.tasks.get(index)
            if follower is not None and self._stands(follower, leader):
                self._check(follower, leader)
                self._check_turn(follower, leader)
                return follower
        raise Impossible("it has done more than can be undone, or no follower stands at a call")

    def _check_turn(self, follower: Task, leader: Task) -> None:
        """Raises Impossible where the leader has given its turn up, and would not for the
        follower's call: others that share its memory may be at work there.
        """
        if not self._shares(leader) or self._monitor.domain.holder() == leader.set.lane:
            return
        if not self._monitor.read_field(follower, "gives"):
            raise Impossible("others that share its memory go on")

    def _shares(self, leader: Task) -> bool:
        """Whether other tasks of the leader take turns with this one, in the arena's domain."""
        return self._has_joined(leader) and any(
            self._has_joined(task)
            for task in self._monitor.tasks.values()
            if task.is_leader and task is not leader
        )

    @staticmethod
    def _has_joined(task: Task) -> bool:
        return task.space is not None and task.space.turns.joined

    @staticmethod
    def _threads(task: Task) -> int:
        return len(os.listdir(f"/proc/{task.tid}/task"))

    def _stands(self, follower: Task, leader: Task) -> bool:
        """Whether a follower is in a call, and the leader has not gone past the same."""
        if follower.space is None or follower.state not in (State.RUNNING, State.GATHERED):
            return False
        lane = follower.set.lane
        own, its = (self._monitor.arenas.arenas[t.variant.index] for t in (follower, leader))
        position = own.word(lane, "position")
        if not own.word(lane, "number"):
            return False
        ahead = its.word(lane, "history_count") - own.word(lane, "history_count")
        if ahead:
            done = its.history(lane)[-ahead:] if 0 < ahead <= HISTORY_ENTRIES else []
            names = {RULES[call.number].name for call in done if call.number in RULES}
            return len(done) == ahead and names <= _WITHOUT_TRACE
        if not its.word(lane, "number"):  # in its program
            return position == its.word(lane, "head")
        return position == its.word(lane, "position")

    def _check(self, follower: Task, leader: Task) -> None:
        """Raises Impossible where the follower's memory does not fit the leader's process."""
        assert follower.space is not None
        table = follower.space.memory.read(follower.space.base + COOKIES_OFFSET, COOKIES_TABLE.size)
        if follower.table is None or follower.table.index >= DESCRIPTOR_TABLE_COUNT:
            raise Impossible("the follower shares its parent's memory, as many others do")
        if COOKIES_TABLE.unpack(table)["count"]:
            raise Impossible("values of timers or queued signals are known by the leader only")
        stay = [area for area in mappings(leader.tid) if self._stays(area, leader)]
        for area in self._moving(follower):
            if not _is_empty(area) and _overlaps(area, stay):
                raise Impossible(f"the follower's memory at {area.start:#x} is taken in the leader")
        shared = {(area.start, area.end) for area in mappings(leader.tid) if _is_shared(area)}
        for area in mappings(follower.tid):
            foreign = self._is_monitors(area, follower) or not _is_shared(area)
            if not foreign and (area.start, area.end) not in shared:
                raise Impossible("memory that is shared lies elsewhere in the leader")

    # What moves

    def _is_monitors(self, area: Mapping, task: Task) -> bool:
        start, end = self._monitor.region(task.variant)
        return start <= area.start < end

    def _stays(self, area: Mapping, leader: Task) -> bool:
        """Whether a mapping of the leader is kept."""
        return self._is_monitors(area, leader) or area.path in _SPECIAL or _is_shared(area)

    def _moving(self, follower: Task) -> list[Mapping]:
        """The mappings of the follower that are made anew in the leader."""
        return [
            area
            for area in mappings(follower.tid)
            if not (self._is_monitors(area, follower) or area.path in _SPECIAL or _is_shared(area))
        ]

    def take_over(self, follower: Task, leader: Task) -> None:
        """Move a follower's state into the leader's process, and let that go on. The follower's
        process is left stopped and is of no more use. Raises TaskGoneError, or Impossible, and then
        the leader's process is of no more use either.
        """
        monitor = self._monitor
        lane = leader.set.lane
        position = monitor.arenas.arenas[follower.variant.index].word(lane, "position")
        source = self._remote(follower)
        target = self._remote(leader)
        assert follower.space is not None
        assert leader.space is not None
        frame = follower.space.memory.read(
            follower.slot_address + TASK_SLOT_SIZE - FRAME_SIZE, FRAME_SIZE
        )
        registers = Registers.from_buffer_copy(frame + bytes(source.registers)[FRAME_SIZE:])
        self._move_memory(follower, leader, source, target)
        self._move_signals(follower, leader, source, target)
        self._move_agent(follower, leader)
        arena = monitor.arenas.arenas[0]
        arena.set_word(lane, "head", position)
        arena.set_word(lane, "number", 0)
        joined = self._has_joined(leader)
        if joined and not self._shares(leader):
            monitor.domain.restart(lane)
        monitor.rewrite(leader, position, between=joined)
        target.set_extended_state(source.extended_state())
        self._enter(leader, registers, target, source.mask)

    def _remote(self, task: Task) -> Remote:
        in_call = task.state is State.GATHERED
        if task.state is State.RUNNING:
            in_call = remote.hold(task)
        return Remote(task, self._monitor.control_call(task.variant), in_call=in_call)

    def _move_memory(self, follower: Task, leader: Task, source: Remote, target: Remote) -> None:
        assert follower.space is not None
        assert leader.space is not None
        memory_map = _memory_map(follower.tid, source.call(_BRK, 0))
        for area in mappings(leader.tid):
            if not self._stays(area, leader):
                _expect(target.call(_MUNMAP, area.start, area.end - area.start), 0)
        stay = [area for area in mappings(leader.tid) if self._stays(area, leader)]
        for area in _without(self._moving(follower), stay):
            flags = _MAP_FLAGS | (_GROWS_DOWN if area.path == "[stack]" else 0)
            size = area.end - area.start
            protection = sum(1 << bit for bit in range(3) if area.rights[bit] != "-")
            made = target.call(_MMAP, area.start, size, protection, flags, MASK, 0)
            _expect(made, area.start)
            _copy(follower, leader, area)
        # Where others share memory with it, theirs is what they have stored since.
        for area in mappings(follower.tid) if not self._shares(leader) else ():
            # Files and their copies hold what the leader's calls wrote; other memory is the votes'.
            anonymous = area.path.startswith(("/dev/zero", "/SYSV"))
            if _is_shared(area) and anonymous and not self._is_monitors(area, follower):
                with contextlib.suppress(OSError):  # read-only in the leader
                    _copy(follower, leader, area)
        scratch = leader.slot_address + _SCRATCH
        leader.space.memory.write(scratch, memory_map)
        # As at the start (placement.py), a kernel that has none of it leaves the brk as it is.
        target.call(_PRCTL, _PR_SET_MM, _PR_SET_MM_MAP, scratch, len(memory_map))

    @staticmethod
    def _move_signals(follower: Task, leader: Task, source: Remote, target: Remote) -> None:
        assert follower.space is not None
        assert leader.space is not None
        source_memory, target_memory = follower.space.memory, leader.space.memory
        here, there = follower.slot_address + _SCRATCH, leader.slot_address + _SCRATCH

        def carry(size: int) -> None:
            target_memory.write(there, source_memory.read(here, size))

        for number in _SIGNALS:
            if number not in _UNCATCHABLE:
                _expect(source.call(_SIGACTION, number, 0, here, 8), 0)
                carry(_ACTION_SIZE)
                _expect(target.call(_SIGACTION, number, there, 0, 8), 0)
        _expect(source.call(_SIGALTSTACK, 0, here), 0)
        carry(_ALTERNATE_STACK_SIZE)
        _expect(target.call(_SIGALTSTACK, there, 0), 0)
        _expect(source.call(_GET_ROBUST_LIST, 0, here, here + 8), 0)
        head, size = struct.unpack("<QQ", source_memory.read(here, 16))
        if head:
            _expect(target.call(_SET_ROBUST_LIST, head, size), 0)

    @staticmethod
    def _move_agent(follower: Task, leader: Task) -> None:
        """Descriptor tables, event data, times: the follower's are those that were voted for."""
        assert follower.space is not None
        assert leader.space is not None
        base = follower.space.base
        tables = Mapping(base + PROCESS_OFFSET, base + DOMAIN_OFFSET, "rw-p", 0, (0, 0), "")
        mapped = max(leader.space.files_mapped, follower.space.files_mapped)
        places = leader.space.memory.read(leader.space.base + PLACES_OFFSET, PLACES_TABLE.size)
        _copy(follower, leader, tables, leader.space.base - base)
        leader.space.memory.write(leader.space.base + PLACES_OFFSET, places)
        leader.space.files_mapped = mapped
        leader.space.sites = follower.space.sites.copy()
        leader.space.code = follower.space.code.copy()
        leader.space.loading = follower.space.loading
        leader.space.own_program = follower.space.own_program
        leader.space.entry = follower.space.entry

    def _enter(self, leader: Task, registers: Registers, target: Remote, mask: int) -> None:
        """The program is about to make its call: into the agent with it."""
        number = registers.orig_rax
        registers.gs_base = leader.slot_address
        registers.rcx = registers.rip
        registers.rip = leader.variant.base + self._monitor.image.offsets["enter_call"]
        registers.rax = number
        registers.cs, registers.ss = target.registers.cs, target.registers.ss
        target.finish(registers, mask)
        leader.state = State.RUNNING
        leader.request = ()
        leader.fatal = 0
        kernel.resume(leader.tid)

    def again(self, task: Task) -> None:
        """Let a follower that stands at the control gate begin its call anew: compare it with what
        the leader publishes now.
        """
        monitor = self._monitor
        assert task.space is not None
        arena = monitor.arenas.arenas[task.variant.index]
        position = arena.word(task.set.lane, "position")
        arena.set_word(task.set.lane, "tail", position)
        monitor.write_word(task, "position", position)
        monitor.write_word(task, "limit", position)
        registers = monitor.program_registers(task)
        number = registers.orig_rax
        registers.rcx = registers.rip
        registers.rip = task.variant.base + monitor.image.offsets["enter_call"]
        registers.rax = number
        registers.orig_rax = MASK
        monitor.release(task, registers)


def _is_shared(area: Mapping) -> bool:
    return area.rights[3:4] == "s"


def _is_empty(area: Mapping) -> bool:
    """Whether a mapping only keeps others away."""
    return area.rights[:3] == "---" and not area.inode[1]


def _overlaps(area: Mapping, others: list[Mapping]) -> bool:
    return any(one.start < area.end and area.start < one.end for one in others)


def _without(areas: list[Mapping], stay: list[Mapping]) -> Iterator[Mapping]:
    """The mappings; those that are empty without the places of others."""
    for area in areas:
        if not (_is_empty(area) and _overlaps(area, stay)):
            yield area
            continue
        start = area.start
        for one in stay:
            if one.end > start and one.start < area.end:
                if one.start > start:
                    yield area._replace(start=start, end=one.start)
                start = one.end
        if start < area.end:
            yield area._replace(start=start)


def _expect(result: int, expected: int) -> None:
    if result != expected:
        words = os.strerror(-result) if result < 0 else hex(result)
        raise Impossible(f"the kernel does not give it the follower's memory: {words}")


def _copy(follower: Task, leader: Task, area: Mapping, distance: int = 0) -> None:
    """Copy the pages of a mapping that have been used."""
    assert follower.space is not None
    assert leader.space is not None
    size = area.end - area.start
    if area.rights[:3] == "---" and size >= _RESERVED:
        return
    pages = size // _PAGE
    with open(f"/proc/{follower.tid}/pagemap", "rb", buffering=0) as pagemap:
        for first in range(0, pages, _SCANNED_PAGES):
            count = min(_SCANNED_PAGES, pages - first)
            content = os.pread(pagemap.fileno(), 8 * count, (area.start // _PAGE + first) * 8)
            if area.inode[1] and area.rights[0] != "-":
                used = [True] * count  # pages of a file need not be there to be read
            else:
                entries = struct.unpack(f"<{len(content) // 8}Q", content)
                used = [bool(entry & _PRESENT) for entry in entries]
            for start, end in _runs(used):
                address = area.start + (first + start) * _PAGE
                try:
                    found = follower.space.memory.read(address, (end - start) * _PAGE)
                except OSError:
                    continue  # behind the end of a file
                leader.space.memory.write(address + distance, found)


def _runs(flags: list[bool]) -> list[tuple[int, int]]:
    """From where to where a list is true, in pieces of some size at most."""
    found: list[tuple[int, int]] = []
    start = None
    for index, flag in enumerate([*flags, False]):
        if start is not None and (not flag or index - start == _CHUNK_PAGES):
            found.append((start, index))
            start = None
        if flag and start is None:
            start = index
    return found


def _memory_map(tid: int, brk: int) -> bytes:
    """A process's struct prctl_mm_map (proc_pid_stat(5), fields 26 to 28 and 45 to 51)."""
    fields = [int(field) for field in procfs.record(tid)[1:]]
    code, stack = fields[22:24], fields[24]
    start_data, end_data, start_brk, *strings = fields[41:48]
    words = (*code, start_data, end_data, start_brk, brk, stack, *strings, 0, 0xFFFFFFFF << 32)
    return struct.pack("<13Q", *words)


__all__ = ["Impossible", "Takeover", "TaskGoneError"]
