"""The memory that agent and supervisor share: what lies where, and the words of their protocol.

The structures in it, and the C header of all this, are in records.py. ``PROTOCOL_VERSION`` is
checked at injection, so that an agent image of another build is refused.

A variant's *region* lies at one random address per variant (the seccomp filter, inherited for ever,
names the gates inside it)::

    base + 0               agent image: read, execute
    base + PROCESS_OFFSET  descriptor tables, epoll data: private, copied by fork
    base + TASKS_OFFSET    one slot per task: struct task at its start, the agent's stack at its end
    base + ARENAS_OFFSET   arena 0, 1, …: shared, only the variant's own is writable: lanes, then a
                           domain of turns
"""

from __future__ import annotations

PROTOCOL_VERSION = 13

IMAGE_SIZE = 0x100000
PROCESS_OFFSET = 0x100000
DESCRIPTOR_TABLE_COUNT = 7
DESCRIPTORS_MAX = 65536
DESCRIPTOR_TABLE_SIZE = 2 * DESCRIPTORS_MAX
SHARED_STATE_OFFSET = PROCESS_OFFSET + DESCRIPTOR_TABLE_COUNT * DESCRIPTOR_TABLE_SIZE
EPOLL_ENTRIES = 32768
CLOCKS_OFFSET = 0x3E0000
CLOCKS = 16
COOKIES_OFFSET = 0x3F0000
COOKIES = 1024
POINTERS_OFFSET = 0x3F6000
POINTERS = 64
TOKEN_TAG = 0xE9F1
TOKEN_SHIFT = 48
"""A word with this tag above the shift stands for a pointer in a pipe (pointers.py)."""
PLACES_OFFSET = 0x3F7000
PLACE_SIZE = 1 << 33
"""So far apart lie files that are mapped (placement.py)."""
CODE_PLACES = 190
DATA_PLACES = 512
DOMAIN_OFFSET = 0x3F8000
FUTEXES_OFFSET = 0x3F9000
SHARED_RANGES = 64
TASKS_OFFSET = 0x400000
TASK_SLOTS = 2048
TASK_SLOT_SIZE = 0x8000
HOOKED_OFFSET = 0x800
"""In a task slot: the hooked functions in which the task is (struct hooked), up to 0x1000."""
ORDER_OFFSET = TASKS_OFFSET + TASK_SLOTS * TASK_SLOT_SIZE
"""The state of threads that run in parallel, with ordered synchronisation (struct order)."""
FUNCTIONS_MAX = 256
OBJECTS_MAX = 16
BUCKETS = 4096
ATOMICS_MAX = 16384
ORDER_SIZE = 0x100000
MORE_TABLES_OFFSET = ORDER_OFFSET + ORDER_SIZE
MORE_TABLES_COUNT = 200
"""Descriptor tables of processes that share the memory of their parents: children of vfork and
posix_spawn until they execute a program.
"""
POSTPONED_OFFSET = MORE_TABLES_OFFSET + MORE_TABLES_COUNT * DESCRIPTOR_TABLE_SIZE
"""The leader's writes to connections that are not made yet (struct postponed, then their bytes)."""
POSTPONED_HEADER_SIZE = 0x2000
POSTPONED_BYTES = 0x3E000
POSTPONED_MAX = 256
PRIVATE_SIZE = POSTPONED_OFFSET + POSTPONED_HEADER_SIZE + POSTPONED_BYTES
VDSO_OFFSET = 0x5F00000
"""Where the bootstrap moves the kernel's vDSO, with its data."""
VDSO_SIZE = 0x100000
ARENAS_OFFSET = 0x6000000
LANES = 2048
LANE_HEADER_SIZE = 0x1000
RING_SIZE = 0x40000
PASSED = 4
"""So many waits that a follower's query came to before the follower waited are remembered."""
LANE_STRIDE = LANE_HEADER_SIZE + RING_SIZE
SHARED_DOMAIN_OFFSET = LANES * LANE_STRIDE
OWNERS_OFFSET = SHARED_DOMAIN_OFFSET + 0x1000
OWNERS = 65536
"""How many turns between processes a follower may be behind."""
ARENA_SIZE = OWNERS_OFFSET + 4 * OWNERS
HISTORY_ENTRIES = 16
CALL_NUMBERS = 512
"""Call numbers are below that."""
VARIANTS_MAX = 16
MOVES_MAX = 24
PAGES_MAX = 32
HABITS = 64

FRAME_REGISTERS = (
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx"),
    *("rsi", "rdi", "orig_rax", "rip", "cs", "eflags", "rsp", "ss"),
)
"""The agent's frame at the top of its stack: the program's registers in the order of struct
user_regs_struct.
"""

POLICIES = ("strict", "effects", "stream")
VERIFICATIONS = ("sensitive", "effects", "all")

REQUESTS = {
    "BOOTSTRAPPED": "the arenas are mapped; the supervisor may start the program; argument: "
    "whether the vDSO has moved",
    "BOOTSTRAP_FAILED": "arguments: step, errno",
    "NATIVE": "execute the call of the frame in the program's own context",
    "SIGNAL": "arguments: point; all variants stand at the same point, deliver the stashed signals",
    "DIVERGED": "arguments: divergence, index of the argument, byte offset",
    "TIMEOUT": "the leader waited longer than the watchdog allows; argument: the follower",
    "REFUSED": "the program asked for something that mvx does not do; argument: the reason",
    "TRACED": "a call is over: its result is in the frame (only with --trace)",
    "MAPPED": "the pages that the supervisor asked for are mapped, or not",
    "STALLED": "a thread of the leader has waited long for its turn",
    "FETCH": "a descriptor: of what the leader has mapped (follower), or for a file of /proc "
    "(leader); arguments: where to put the address of the socket, 0: connected; the file",
    "CHANGED": "the leader has changed a file with copies; arguments: descriptor or -1, result",
    "REREAD": "the leader is about to read such a file of /proc: descriptor, whether at the start",
    "WAITED": "the loop is over in which a variant waits for its own copy of a signal",
    "TOLD": "a call was refused that its program cannot do without; argument: its number",
    "SENT": "a pointer goes into a pipe; arguments: this variant's, position of the leader's in "
    "its lane; the answer: whether a token is there now",
    "RECEIVED": "a token came out of a pipe; argument: it; the answer: this variant's pointer",
    "COUNTER": "the task was told to have its time stamp counter trapped",
    "POSTPONES": "the leader's process has postponed a write, its first",
    "JOINED": "the process takes its turns with others from here on",
    "PASSED": "the leader sends memory that every variant has for itself; argument: the descriptor",
    "NAMESPACES": "a follower is to go where the leader has gone: to namespaces of these flags",
}
"""What the agent asks of the supervisor at the control gate: rdi holds the number, rsi, rdx, r10
the arguments.
"""

POINTS = {
    "ENTRY": "before the call; it is made after the handler",
    "INTERRUPTED": "inside a blocking call, which the kernel restarts or ends with EINTR",
    "EXIT": "after the call; its result is in the frame",
}

DIVERGENCES = {
    "CALL": "another call",
    "ARGUMENT": "the same call with another argument",
    "CONTENT": "the same call with other bytes behind an argument",
    "RESULT": "a call that every variant executes had another result",
    "INTEGRITY": "a message of the leader that no honest leader sends",
    "ORDER": "a thread was woken in one variant and not in the other",
}

VERDICTS = {
    "STOP": "the run ends here",
    "EQUAL": "the difference is none: go on as if there were no difference",
    "OWN": "the call is this variant's own: make it, and compare the next one with the message",
    "SKIP": "the call is the leader's alone: pass over it, and compare with the next message",
}
"""What the supervisor answers to DIVERGED, as the result of the control gate's call."""

MESSAGES = {
    "CALL": "a call's number and arguments, then its input blocks",
    "RESULT": "a call's result, then its output blocks",
    "SIGNAL": "a signal is delivered at this point (ENTRY or INTERRUPTED)",
    "TURN": "a thread got its turn, after it waited for a futex or began",
    "LEFT": "a thread gives its turn up for its call after all, which has to wait",
}

INSTRUCTIONS = {
    "NONE": "",
    "RDTSC": "rdtsc",
    "RDTSCP": "rdtscp",
    "START": "a new thread waits for its first turn",
    "YIELD": "the supervisor makes a thread that computes give its turn to another",
    "POSTPONED": "the supervisor makes a task make the writes that it has postponed",
}
"""Why a task is in the agent without having made a call."""

DUTIES = {
    "SHOW": "the supervisor wants to know every result (--trace)",
    "TRAP_COUNTER": "the time stamp counter is taken from the task",
}
"""Bits of `duties` in struct task."""

DESCRIPTORS = {
    "UNKNOWN": "not tracked (also numbers past DESCRIPTORS_MAX): treated as ONCE",
    "ONCE": "operated on by the leader only; a placeholder in the followers",
    "MAPPED": "a regular file, directory or stateless device: followers hold an open for reading",
    "OWN": "each variant's own: operations are local",
    "UNSEEN": "a regular file that followers cannot open for reading: a placeholder, too",
    "VIEW": "like ONCE: a file of /proc that the supervisor has made (src/mvx/views.py)",
    "PIPE_IN": "like ONCE: the end for reading of a pipe that the program made",
    "PIPE_OUT": "the end for writing, which has the same number in the rest of the entry",
    "EPOLL": "an epoll instance: the leader's, with a map of event data in each variant",
}
KEPT_MASK = 0xF
"""Which bits of an entry of the table say what a descriptor is kept as."""


HOOKED_MAX = 20
SECTIONS_MAX = 8


NUMBER_RDTSC = 0x10000
"""The pseudo number of a trapped rdtsc or rdtscp."""
NUMBER_OUTSIDE = 0x10001
"""The pseudo number of a futex that other processes share."""
NUMBER_YIELD = 0x10002
"""The pseudo number of a turn that the supervisor took away."""
NUMBER_FUTEX = 0x10003
"""The pseudo number of a futex call between threads that does not wait."""
NUMBER_JOIN = 0x10004
"""The pseudo number of what a process does before it shares memory with others."""
NUMBER_ORDER = 0x10005
"""The pseudo number of an operation by which parallel threads synchronise."""
PSEUDO_CALLS = {
    NUMBER_RDTSC: "rdtsc",
    NUMBER_OUTSIDE: "futex",
    NUMBER_YIELD: "(preempted)",
    NUMBER_FUTEX: "futex",
    NUMBER_JOIN: "(joined)",
    NUMBER_ORDER: "(synchronisation)",
}
IMAGE_MAGIC = 0x31746E656761786D
