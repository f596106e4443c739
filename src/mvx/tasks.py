"""Who is who: variants, address spaces, processes' tasks, and the task sets that correspond to each
other.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx.entry import Entry
from mvx.interrupts import Reason
from mvx.kernel import Registers
from mvx.layout import (
    ARENAS_OFFSET,
    DESCRIPTOR_TABLE_COUNT,
    DESCRIPTOR_TABLE_SIZE,
    MORE_TABLES_COUNT,
    MORE_TABLES_OFFSET,
    PLACES_OFFSET,
    PROCESS_OFFSET,
    TASK_SLOT_SIZE,
    TASK_SLOTS,
    TASKS_OFFSET,
)
from mvx.memory import Memory
from mvx.newimage import Mapping
from mvx.order import SpaceOrder
from mvx.records import PLACES_TABLE
from mvx.sitetable import SiteTable
from mvx.turns import Turns

if TYPE_CHECKING:
    from mvx.code import CodeFile
    from mvx.copies import Offer
    from mvx.shield import Shield

SCRATCH_SIZE: Final = 0x1000
_SCRATCH: Final = 0x1000
"""In a task slot: past struct task and births' arguments, far below the agent's stack."""


class State(enum.Enum):
    """What the supervisor knows of a task between its stops."""

    RUNNING = "runs"
    GATHERED = "waits for the other variants"
    WAITING = "waits for its own copy of a signal"
    FATAL = "is about to die of a signal"
    STOPPED = "is stopped by job control"
    ENDED = "has ended"


class Variant:
    """One copy of the program. `base`: address of its region, the same in all of its processes."""

    launching: bool = True
    parent: int = 0
    """Its stand-in parent, if it has one."""
    dropped: bool = False
    """The run goes on without it (quorum.py)."""
    namespace: bool = False
    """Whether it lives in a PID namespace of its own, in which its tasks have the leader's numbers.
    """

    def __init__(self, index: int, base: int) -> None:
        """Nothing of it runs yet."""
        self.index = index
        self.base = base


class AddressSpace:
    """A memory that one or more tasks share, and which task slots and descriptor tables in it are
    taken.
    """

    users: int = 0
    overhead: int = 0
    """Bytes that mvx added to the address space."""
    home: int = 0
    """The variant in whose zone its code lies (placement.py)."""
    stack_start: int = 0
    """The stack pointer with which its program started."""
    own_program: bool = False
    """The variants execute different files here."""
    loading: bool = False
    """The loaders of different programs are at work: each variant looks up files for itself."""
    entry: Entry | None = None
    """The trap at the program's entry, until it is met."""
    vdso: int = 0
    """Where the vDSO is, in the agent's region; 0: elsewhere."""
    reads_counter: bool = False
    """Its tasks may read the time stamp counter themselves (timestamps.py)."""
    lost_counter: bool = False
    """They may not any more; each finds out at the end of a call."""

    def __init__(self, memory: Memory, base: int) -> None:
        """Nobody is in it yet."""
        self.memory = memory
        self.base = base
        self.slots: set[int] = set()
        self.tables: set[int] = set()
        self.tables_used: set[int] = set()
        """Those that ever were taken: what they hold is not zero."""
        self.code: set[tuple[int, int]] = set()
        """Start and end of what has become executable (disjoint.py)."""
        self.started: list[tuple[Mapping, CodeFile | None]] = []
        """The code that lay in it when its program started, and of which files."""
        self.sites = SiteTable()
        self.turns = Turns()
        self.order = SpaceOrder()

    def take_slot(self) -> int | None:
        """The lowest free task slot, or None."""
        return _take(self.slots, TASK_SLOTS)

    def take_table(self) -> int | None:
        """The lowest free descriptor table, or None."""
        return _take(self.tables, DESCRIPTOR_TABLE_COUNT + MORE_TABLES_COUNT)

    def has_room(self, *, table: bool) -> bool:
        """Whether one more task can live in this memory, with a descriptor table of its own."""
        tables = DESCRIPTOR_TABLE_COUNT + MORE_TABLES_COUNT
        return len(self.slots) < TASK_SLOTS and not (table and len(self.tables) >= tables)

    def slot_address(self, slot: int) -> int:
        """Address of a task slot, which starts with struct task."""
        return self.base + TASKS_OFFSET + slot * TASK_SLOT_SIZE

    def table_address(self, table: int) -> int:
        """Address of a descriptor table."""
        if table >= DESCRIPTOR_TABLE_COUNT:
            more = table - DESCRIPTOR_TABLE_COUNT
            return self.base + MORE_TABLES_OFFSET + more * DESCRIPTOR_TABLE_SIZE
        return self.base + PROCESS_OFFSET + table * DESCRIPTOR_TABLE_SIZE

    @property
    def files_mapped(self) -> int:
        """How many files were mapped at an address that mvx chose, by the agent or here."""
        word = self.memory.read(self.base + PLACES_OFFSET + PLACES_TABLE.offset("count"), 8)
        return int.from_bytes(word, "little")

    @files_mapped.setter
    def files_mapped(self, count: int) -> None:
        place = self.base + PLACES_OFFSET + PLACES_TABLE.offset("count")
        self.memory.write(place, count.to_bytes(8, "little"))

    def contains(self, address: int) -> bool:
        """Whether an address lies in the agent, its state or the arenas. What stands for hooked
        functions counts as the program's.
        """
        is_own = self.base <= address < self.base + ARENAS_OFFSET
        return is_own and address not in self.order.stubs

    def leave(self, users: int = 1) -> None:
        """So many users less, 0: one was killed at birth. The last one closes the memory."""
        self.users -= users
        if self.users == 0:
            self.memory.close()


def _take(taken: set[int], limit: int) -> int | None:
    for number in range(limit):
        if number not in taken:
            taken.add(number)
            return number
    return None


class DescriptorTable:
    """A descriptor table inside an address space; threads share it."""

    users: int = 0

    def __init__(self, space: AddressSpace, index: int) -> None:
        """No task has it yet."""
        self.space = space
        self.index = index


class Stash:
    """An asynchronous signal on its way to the point at which every variant gets it; the variants'
    tasks share this object.
    """

    way: str = "at_call"
    """How it is delivered: one of delays.WAYS."""

    def __init__(
        self, number: int, information: bytes, since_ns: int = 0, missing: int = 0
    ) -> None:
        """It comes at a call, as far as is known."""
        self.number = number
        self.information = information
        """The leader's siginfo."""
        self.begun_ns = time.monotonic_ns()
        """When the supervisor began to deliver it: later than it learnt of it if the program had to
        get on first.
        """
        self.since_ns = since_ns or self.begun_ns
        """When it learnt of it."""
        self.missing = missing
        """How many variants are not yet about to run their handlers, once it has been sent."""


class Task:
    """One kernel thread of one variant."""

    space: AddressSpace | None = None
    slot: int = 0
    table: DescriptorTable | None = None
    state: State = State.RUNNING
    interrupt_code: int = 0
    """The restart code with which a blocking call was given up."""
    request: tuple[int, ...] = ()
    """The control request that a gathered task made."""
    registers: Registers | None = None
    """The registers at that stop."""
    on_exit_stop: Callable[[Task, Registers], None] | None = None
    """What to do at the next syscall-exit stop."""
    own_call: int = -1
    """A call that the task was told to make for itself (judge.py), until it makes it."""
    fetches: bool = False
    """The follower's agent fetches such a file."""
    images: int = 0
    """How many programs the task has executed."""
    birth: Birth | None = None
    """The clone, fork or vfork that the task is executing."""
    birth_retried: bool = False
    """The birth is made again, with a number of the kernel's choice."""
    birth_frame: Registers | None = None
    """The program's registers for that."""
    birth_mask: int | None = None
    """The program's signal mask: a birth that a signal interrupted is made again with all signals
    blocked.
    """
    executing: bytes | None = None
    """The descriptor table to carry over the exec that the task is executing."""
    restart: tuple[int, int] | None = None
    """The call that the next signal interrupts, and its restart code."""
    told: bool = False
    """Something was written for its agent since its last signal between calls (`write_field`)."""
    reasons: Reason = Reason.NONE
    """Why it was asked to stop and has not yet (interrupts.py)."""
    summoned: int = 0
    """The signal that was sent to a follower only to stop it, for a delivery between calls."""
    unblocked: int = 0
    """Signals (bit set) that the leader's sigreturn unblocked and that have not stopped it yet."""
    entered: bool = False
    """It counts as a user of its memory and table."""
    turns: bool = False
    """The task runs program code only in its turn."""
    parallel: bool = False
    """The task runs in parallel to others of its process."""
    entering: bool = False
    """The leader stops at the first instruction of such a signal's handler."""
    interrupted_at: tuple[int, int] | None = None
    """Instruction and stack pointer of the call before which a timer's handler ran last."""
    closed: int = 0
    """Signals (bit set) that are blocked for now, and not by the program, so that it gets on."""
    returned: int = 0
    """How many of them had ended without the supervisor when it looked last."""
    shield: Shield | None = None
    """SIGSEGV as the program was started with it, where mvx's own faults would change that."""
    suspended: bool = False
    """The task waits for its signal in an rt_sigsuspend that stands for its own call."""
    fatal: int = 0
    status: int | None = None

    def __init__(
        self, tid: int, process: int, variant: Variant, task_set: TaskSet, program: bytes = b""
    ) -> None:
        """It is about to run; it has no place in an address space yet."""
        self.tid = tid
        self.process = process
        """The thread group's id, in the supervisor's namespace."""
        self.variant = variant
        self.set = task_set
        self.program = program
        """The path that the program asked to execute, where a variant executes another."""
        self.stash: list[Stash] = []
        self.in_flight: list[Stash] = []
        """Signals sent by the supervisor whose delivery stop has not come yet."""
        self.offers: list[Offer | None] = []
        """What followers are to map instead of the file that this task of the leader maps
        (copies.py).
        """
        self.early_signals: list[int] = []
        """Signals that arrived during injection; sent again when the program starts."""
        self.handling: list[tuple[int, int]] = []
        """The handlers that run, as far as is known: the signal, and the stack pointer that it
        found.
        """

    @property
    def is_leader(self) -> bool:
        """Whether the task belongs to the leader."""
        return self.variant.index == 0

    @property
    def is_running(self) -> bool:
        """Whether the task is neither gathered, nor stopped by job control, nor dead."""
        return self.state in (State.RUNNING, State.WAITING)

    @property
    def slot_address(self) -> int:
        """Address of this task's struct task."""
        assert self.space is not None
        return self.space.slot_address(self.slot)

    @property
    def scratch_address(self) -> int:
        """Where SCRATCH_SIZE bytes of its slot are free for what a call points to."""
        return self.slot_address + _SCRATCH


class Birth(NamedTuple):
    """A clone, fork or vfork: what the child shares, and where thread ids must be written."""

    flags: int
    frame: Registers
    parent_tid_address: int
    child_tid_address: int
    clear_tid_address: int
    mask: int | None = None
    """The signal mask of parent and child, where all signals are blocked during the call."""


class TaskSet:
    """The corresponding tasks of all variants; `tid` and `process` are the leader's, as mvx sees
    them. So does the program, but in a PID namespace of its own.
    """

    native_result: int | None = None
    """The leader's result of the native call that the set is in; followers wait for it."""
    child: TaskSet | None = None
    """The set of the leader's new task, while followers create theirs."""
    deadline: float | None = None
    deadline_reason: str = ""
    suspects: frozenset[int] = frozenset()
    """Variants to blame when the deadline passes."""

    def __init__(self, identifier: int, lane: int, tid: int, process: int) -> None:
        """No variant has a task in it yet."""
        self.identifier = identifier
        self.own_tid = tid
        """What the task itself takes `tid` for."""
        self.own_process = process
        """The same for `process`."""
        self.told = tid
        """What its parent takes `tid` for."""
        self.lane = lane
        self.tid = tid
        self.process = process
        self.tasks: dict[int, Task] = {}
        self.gathered: dict[int, Task] = {}
        self.native_signals: list[Stash] = []
        """Signals that the leader got right at its native call's exit; followers get them there."""
        self.dissenters: dict[int, Callable[[], None]] = {}
        """Followers that disagree with the leader while others have not voted, and what reports
        why.
        """
        self.pardoned: set[tuple[int, int, str]] = set()
        """Variant, call and argument of differences that were let go."""
