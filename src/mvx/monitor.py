"""What the parts of the supervisor share: the run's state, and the few operations on tasks that all
of them need.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from mvx import calls, kernel, memory, seccomp
from mvx.arena import Arenas
from mvx.copies import Copies
from mvx.counter import frequency_khz
from mvx.delays import Delays
from mvx.disjoint import Disjoint
from mvx.domain import Domain
from mvx.errors import InternalError
from mvx.handover import Handover
from mvx.image import Image, load
from mvx.injection import Injector
from mvx.jobs import Jobs
from mvx.kernel import FRAME_SIZE, Registers
from mvx.layout import (
    ARENA_SIZE,
    ARENAS_OFFSET,
    DESCRIPTOR_TABLE_SIZE,
    DUTIES,
    INSTRUCTIONS,
    POLICIES,
    TASK_SLOT_SIZE,
    VERIFICATIONS,
)
from mvx.newimage import Mapping
from mvx.options import Options
from mvx.placement import Placement
from mvx.pointers import Pointers
from mvx.programs import Programs
from mvx.records import TASK
from mvx.sites import Sites
from mvx.statistics import Statistics
from mvx.tasks import AddressSpace, DescriptorTable, State, Task, TaskSet, Variant
from mvx.terrain import terrain
from mvx.timers import Timers
from mvx.timestamps import TRAP_COUNTER, TimeStamps
from mvx.variation import Variation
from mvx.views import Views
from mvx.waiting import Waiting

if TYPE_CHECKING:
    from mvx.ordering import Ordering
    from mvx.trace import Trace

_REGION_ALIGNMENT = 1 << 21
_SHOW = 1 << list(DUTIES).index("SHOW")
_TABLE_COPIED = 8192
"""Bytes of a descriptor table that a vfork child or a new image inherits: the first 4096 numbers.
"""


class Monitor:
    """The state of one run."""

    def __init__(self, options: Options) -> None:
        """Make the shared memory and choose the variants' places."""
        self.options = options
        self.seed = (
            options.seed if options.seed is not None else random.SystemRandom().getrandbits(64)
        )
        self.random = random.Random(self.seed)  # noqa: S311 - the seed is the user's, or the system's
        self.image: Image = load()
        self.arenas = Arenas(options.variants)
        self.domain = Domain(self.arenas)
        self.programs = Programs(options)
        self.terrain = terrain(self.programs.all_first())
        self.placement = Placement(self.seed, options.variants, options.diversify, self.terrain)
        variation = Variation(self.seed, options, self.placement)
        self.injector = Injector(self.image, self.arenas, self.placement, variation, self.programs)
        self.variants = [self._variant(index) for index in range(options.variants)]
        self.statistics = Statistics(options.variants)
        self.sites = Sites(options, self.statistics, self.image.offsets, self.placement)
        self.delays = Delays()
        self.statistics.add("signals", self.delays)
        self.tasks: dict[int, Task] = {}
        self.processes: set[int] = set()
        """The numbers of all processes that the program ever had, in all variants."""
        self.sets: dict[int, TaskSet] = {}
        self.warned: set[str] = set()
        self.dying: dict[int, int] = {}
        """Leader's processes that were given a deadly signal, and which."""
        self.first_process = 0
        """The number of the program's first process."""
        self.renumbers = False
        """Whether the program has made a PID namespace, or entered one."""
        self.parents: list[int] = []
        """The stand-in parents of followers in PID namespaces."""
        self.diverged: Callable[..., None] = lambda *_, **__: None
        self.serve: Callable[[int, int], object] = lambda *_: None
        """Does what the stop of a task asks for: its number, and what waitpid(2) told."""
        self.native_done: Callable[[TaskSet], None] = lambda _: None
        self.sigreturn_done: Callable[[Task], bool] = lambda _: False
        self.deliver: Callable[..., None] = lambda *_: None
        self.emulate: Callable[[Task, Registers], bool] = lambda *_: False
        self.trace: Trace | None = None
        self.ordered = options.variants > 1 and options.threads != "parallel"
        """Whether threads run in the leader's order: one at a time, if not `ordering`."""
        self.joins = self.ordered and options.threads != "serial"
        """Whether processes that share memory do, too."""
        self.ordering: Ordering | None = None
        if self.ordered and (options.threads == "ordered" or options.rules):
            from mvx.ordering import Ordering, ways

            chosen = ways(options)
            self.ordering = Ordering(self, chosen) if chosen.may_be_ordered else None
        self._next_set = 0
        memory.best()  # measured, if it has to be, while there is no variant to disturb
        self.waiting = Waiting(options.wait, options.variants)
        self.deadlines: set[TaskSet] = set()
        self.jobs = Jobs(self)
        self.handover = Handover()
        self.copies = Copies(self)
        self.disjoint = Disjoint(self)
        self.statistics.add("code", self.disjoint)
        self.views = Views(self)
        self.timers = Timers(self)
        self.pointers = Pointers(self)
        self.timestamps = TimeStamps(self)
        self.postpones = (
            options.variants > 1
            and options.policy == "effects"
            and options.verify == "sensitive"
            and options.signals == "leader"
            and options.on_divergence != "drop"
            and options.threads != "parallel"
            and options.trace is None
        )
        """Whether writes to connections may be postponed. A follower that takes over knows nothing
        of them; whoever wants every write verified, or traced, wants it where it is.
        """
        self.injector.code = self._look_at_code
        self.is_over = False
        """The run ends with a divergence: nothing goes on."""

    def _look_at_code(self, task: Task, space: AddressSpace, mappings: list[Mapping]) -> None:
        """Find out what a new image's code is, and what follows."""
        self.sites.starts(task, space, mappings)
        space.reads_counter = self.timestamps.may_read(space.started)

    def _variant(self, index: int) -> Variant:
        low, high = self.terrain.regions
        places = (high - low) // _REGION_ALIGNMENT
        return Variant(index, low + self.random.randrange(places) * _REGION_ALIGNMENT)

    def region(self, variant: Variant) -> tuple[int, int]:
        """Start and end of the memory that is the monitor's in every process of a variant."""
        return variant.base, variant.base + ARENAS_OFFSET + len(self.variants) * ARENA_SIZE

    def filter(self, variant: Variant) -> bytes:
        """The seccomp filter of a variant."""
        gates = [
            variant.base + self.image.offsets[name] for name in ("gate_plain", "gate_interruptible")
        ]
        traced = self.trace is not None
        return seccomp.build(
            gates,
            calls.allowed_at_gate(self.options.verify),
            () if traced else calls.FREE - (calls.ORDERED if self.ordered else set()),
            requests=calls.sensitive_requests(self.options.verify),
            region=None if traced else self.region(variant),
            bootstrap=(variant.base + self.image.offsets["gate_bootstrap"], calls.BOOTSTRAP),
        )

    def atomic_trapped(self, task: Task) -> bool:
        """Whether a task met a breakpoint in place of an atomic instruction; it goes on then."""
        return self.ordering is not None and self.ordering.trapped(task)

    def close(self) -> None:
        """Give back what the run took from the machine."""
        self.copies.close()
        self.views.close()
        self.handover.close()
        self.sites.close()
        self.injector.close()
        self.arenas.close()

    # Task sets and tasks

    def new_set(self, tid: int, process: int) -> TaskSet:
        """A task set with a lane of its own; `tid` and `process` are the leader's."""
        lane = self.arenas.allocate()
        if lane is None:
            message = "the program has more tasks at once than mvx has lanes"
            raise InternalError(message, fix="run fewer processes and threads under one mvx")
        self._next_set += 1
        new = TaskSet(self._next_set, lane, tid, process)
        self.sets[new.identifier] = new
        return new

    def add_task(self, task: Task) -> None:
        """Make a task known."""
        self.tasks[task.tid] = task
        self.processes.add(task.process)
        self.statistics.tasks[task.variant.index] += 1
        task.set.tasks[task.variant.index] = task

    def enter(
        self, task: Task, space: AddressSpace, slot: int, table: DescriptorTable, **fields: int
    ) -> None:
        """Give a task its place in an address space and write its struct task there, with more of
        its fields.
        """
        task.space, task.slot, task.table = space, slot, table
        space.users += 1
        table.users += 1
        task.entered = True
        self.rewrite(task, self._position(task), **fields)

    def rewrite(self, task: Task, position: int, **fields: int) -> None:
        """Write a task's struct task anew; `position`: where it goes on in its lane."""
        space, table = task.space, task.table
        assert space is not None
        assert table is not None
        address = task.slot_address
        space.memory.write(
            address,
            TASK.pack(
                self=address,
                entry=task.variant.base + self.image.offsets["enter_call"],
                entry_rdtsc=task.variant.base + self.image.offsets["enter_rdtsc"],
                entry_rdtscp=task.variant.base + self.image.offsets["enter_rdtscp"],
                entry_atomic=task.variant.base + self.image.offsets["enter_atomic"],
                tsc_khz=frequency_khz(),
                stack=address + TASK_SLOT_SIZE,
                variant=task.variant.index,
                variants=len(self.variants),
                policy=POLICIES.index(self.options.policy),
                verify=VERIFICATIONS.index(self.options.verify),
                lane=task.set.lane,
                spin=self.waiting.turns,
                wake_ns=self.waiting.wake_ns,
                watchdog_s=max(1, int(self.options.watchdog_s)),
                descriptors=table.space.table_address(table.index),
                overhead=space.overhead,
                tid=task.set.own_tid,
                pid=task.set.own_process,
                position=position,
                loading=space.loading,
                duties=self.duties(space),
                alone=len(self.variants) == 1 and self.trace is None,
                ordered=self.ordered,
                own_timers=self.options.signals == "quorum" and len(self.variants) > 1,
                turns=task.turns,
                joins=self.joins and not task.parallel,
                parallel=task.parallel,
                slot=task.slot,
                copies=self.copies.hash if task.is_leader else 0,
                clock=self.timestamps.clock(space),
                postpones=self.postpones and task.is_leader and not task.parallel,
                **fields,
            ),
        )

    def _position(self, task: Task) -> int:
        """Where a task that changes its image goes on in its lane."""
        arena = self.arenas.arenas[task.variant.index]
        return arena.word(task.set.lane, "head" if task.is_leader else "tail")

    def duties(self, space: AddressSpace) -> int:
        """What a task that comes into an address space has to do at the end of its first call, or
        of every call: a set of layout.DUTIES.
        """
        show = _SHOW if self.trace is not None else 0
        return show | (TRAP_COUNTER if space.lost_counter else 0)

    def leave(self, task: Task) -> None:
        """Take a task's place in its address space back."""
        space, table = task.space, task.table
        if space is None or table is None:
            return
        if task.turns and space.turns.joined:
            self.domain.left(task)
        task.turns = False
        space.slots.discard(task.slot)
        if space.users == task.entered:
            self.sites.left(task.variant.index, space)
        table.users -= task.entered
        if table.users == 0:
            table.space.tables.discard(table.index)
        space.leave(task.entered)
        task.entered = False
        task.space = task.table = None

    def leave_all(self) -> None:
        """Take back the places of all tasks that are left: the run is over."""
        for task_set in self.sets.values():
            for task in task_set.tasks.values():
                self.leave(task)

    def table_content(self, task: Task) -> bytes:
        """The used part of a task's descriptor table."""
        assert task.table is not None
        address = task.table.space.table_address(task.table.index)
        return task.table.space.memory.read(address, _TABLE_COPIED)

    def new_table(self, space: AddressSpace, content: bytes) -> DescriptorTable:
        """A descriptor table with that content."""
        index = space.take_table()
        if index is None:
            message = "too many processes share one memory with descriptor tables of their own"
            raise InternalError(message)
        if content:
            # What was never used is empty.
            size = DESCRIPTOR_TABLE_SIZE if index in space.tables_used else len(content)
            space.memory.write(space.table_address(index), content.ljust(size, b"\0"))
        space.tables_used.add(index)
        return DescriptorTable(space, index)

    def count(self, task: Task, kind: str) -> None:
        """Count a stop of a task; `kind`: one of statistics.STOPS."""
        self.statistics.stop(task.variant.index, kind)

    def count_calls(self, task_set: TaskSet) -> None:
        """Add the calls of a task set to the statistics, before its lane is used again."""
        if self.options.statistics is None:
            return
        for variant, arena in enumerate(self.arenas.arenas):
            self.statistics.finished(variant, arena.counts(task_set.lane))

    # Registers and memory

    def program_registers(self, task: Task) -> Registers:
        """The program's registers of a task that is stopped at the control gate: its frame, with
        rip after the call.
        """
        assert task.space is not None
        assert task.registers is not None
        address = task.slot_address + TASK_SLOT_SIZE - FRAME_SIZE
        frame = task.space.memory.readable(address, FRAME_SIZE)
        if len(frame) < FRAME_SIZE:
            kernel.registers(task.tid)  # raises TaskGoneError if that is why
            raise OSError(errno.EIO, f"the frame of task {task.tid} cannot be read")
        program = Registers.from_buffer_copy(frame + bytes(task.registers)[FRAME_SIZE:])
        program.cs, program.ss = task.registers.cs, task.registers.ss
        program.rcx, program.r11 = program.rip, program.eflags
        return program

    def write_field(self, task: Task, field: str, value: int) -> None:
        """Write one 32-bit field of a task's struct task."""
        assert task.space is not None
        address = task.slot_address + TASK.offset(field)
        task.space.memory.write(address, value.to_bytes(4, "little"))
        task.told |= value != 0

    def read_field(self, task: Task, field: str) -> int:
        """Read one 32-bit field of a task's struct task."""
        assert task.space is not None
        content = task.space.memory.read(task.slot_address + TASK.offset(field), 4)
        return int.from_bytes(content, "little")

    def send_to_agent(
        self, task: Task, current: Registers, instruction: str, length: int = 0
    ) -> None:
        """Let a stopped task, with these registers, go to the agent for something else than a call
        (one of layout.INSTRUCTIONS), and then on behind the `length` bytes at its rip.
        """
        assert task.space is not None
        place = task.slot_address + TASK.offset("return_address")
        number = list(INSTRUCTIONS).index(instruction)
        task.space.memory.write(place, struct.pack("<QI", current.rip + length, number))
        current.rip = task.variant.base + self.image.offsets["enter_instruction"]
        current.orig_rax = kernel.MASK
        kernel.set_registers(task.tid, current)

    def write_word(self, task: Task, field: str, value: int) -> None:
        """Write one 64-bit field of a task's struct task."""
        assert task.space is not None
        address = task.slot_address + TASK.offset(field)
        task.space.memory.write(address, value.to_bytes(8, "little"))

    def tell_leaders(self, field: str, value: int) -> None:
        """Write a field of struct task in every task of the leader."""
        for task in self.tasks.values():
            if task.is_leader and task.space is not None:
                with contextlib.suppress(OSError):  # its memory may be gone already
                    self.write_field(task, field, value)

    def adapt_waiting(self) -> None:
        """Let every task spin, or stop that, as crowded as the machine is now."""
        if self.waiting.has_changed():
            for task in self.tasks.values():
                if task.space is not None:
                    with contextlib.suppress(OSError):  # its memory may be gone already
                        self.write_field(task, "spin", self.waiting.turns)

    def offset_in_image(self, task: Task, address: int) -> int:
        """Offset of an address in the variant's agent image (negative or large: outside)."""
        return address - task.variant.base

    def warn(self, key: str, message: str) -> None:
        """Tell the user something once per run, on stderr."""
        if key not in self.warned:
            self.warned.add(key)
            sys.stderr.write(f"mvx: warning: {message}\n")

    # Ends

    def kill_process(self, task: Task) -> None:
        """SIGKILL for a task's process."""
        try:
            os.kill(task.process, signal.SIGKILL)
        except ProcessLookupError:
            return

    def end_parent(self, process: int) -> None:
        """Kill a stand-in parent, and with it what is left in its namespace."""
        self.parents.remove(process)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    def parent_ended(self, process: int) -> None:
        """Somebody killed a process that is no task: if it was a stand-in parent, its number may
        be another's from now on.
        """
        if process in self.parents:
            self.parents.remove(process)

    @property
    def live(self) -> list[Variant]:
        """The variants that the run goes on with."""
        return [variant for variant in self.variants if not variant.dropped]

    def retire(self, task_set: TaskSet) -> None:
        """Give back what a task set used, if it has ended in every variant."""
        tasks = task_set.tasks.values()
        if len(tasks) == len(self.live) and all(task.state is State.ENDED for task in tasks):
            self.relax(task_set)
            if self.sets.pop(task_set.identifier, None) is not None:
                self.count_calls(task_set)
                self.arenas.release(task_set.lane)

    def expect(
        self,
        task_set: TaskSet,
        seconds: float,
        reason: str,
        suspects: Iterable[int] = (),
    ) -> None:
        """Call it a divergence when the set has not come together after that time; `suspects` are
        to blame then.
        """
        task_set.suspects = frozenset(suspects)
        task_set.deadline = time.monotonic() + seconds
        task_set.deadline_reason = reason
        self.deadlines.add(task_set)

    def gather(self, task: Task) -> bool:
        """A variant's task stands where all are to meet. Whether it was the last to come."""
        task_set = task.set
        task.state = State.GATHERED
        task_set.gathered[task.variant.index] = task
        if len(task_set.gathered) < len(self.live):
            self.await_all(task_set)
            return False
        self.relax(task_set)
        return True

    def await_all(self, task_set: TaskSet) -> None:
        """Some variants stand at the control gate: the others must come in the watchdog's time."""
        if task_set.deadline is None:
            missing = sorted(set(task_set.tasks) - set(task_set.gathered))
            names = ", ".join(str(variant) for variant in missing)
            reason = f"variant {names} did not come to the control gate in time"
            self.expect(task_set, self.options.watchdog_s, reason, missing)

    def relax(self, task_set: TaskSet) -> None:
        """The set came together."""
        task_set.deadline = None
        self.deadlines.discard(task_set)

    def control_call(self, variant: Variant) -> int:
        """Address of the `syscall` instruction of a variant's control gate."""
        return variant.base + self.image.offsets["gate_control"] - 2

    def release(self, task: Task, content: Registers | None = None, number: int = 0) -> None:
        """Let a gathered task run."""
        task.state = State.RUNNING
        task.request = ()
        if content is not None:
            kernel.set_registers(task.tid, content)
        kernel.resume(task.tid, number)


__all__ = ["Monitor"]
