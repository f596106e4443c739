"""The memory that agent and supervisor share, declared once.

Each structure lists its fields with type, writer and meaning; :func:`header` turns them into the C
header ``agent/generated/layout.h``, and the supervisor has the same offsets by them (structure.py).
``PROTOCOL_VERSION`` is checked at injection, so that an agent image of another build is refused.

A variant's *region* lies at one random address per variant (the seccomp filter, inherited for ever,
names the gates inside it)::

    base + 0               agent image: read, execute
    base + PROCESS_OFFSET  descriptor tables, epoll data: private, copied by fork
    base + TASKS_OFFSET    one slot per task: struct task at its start, the agent's stack at its end
    base + ARENAS_OFFSET   arena 0, 1, …: shared, only the variant's own is writable: lanes, then a
                           domain of turns
"""

from __future__ import annotations

from mvx.structure import declaration, structure

PROTOCOL_VERSION = 9

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
POSTPONED_HEADER_SIZE = 0x1000
POSTPONED_BYTES = 0x3F000
POSTPONED_MAX = 256
PRIVATE_SIZE = POSTPONED_OFFSET + POSTPONED_HEADER_SIZE + POSTPONED_BYTES
VDSO_OFFSET = 0x5F00000
"""Where the bootstrap moves the kernel's vDSO, with its data."""
VDSO_SIZE = 0x100000
ARENAS_OFFSET = 0x6000000
LANES = 4096
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
    "MOUNTS": "a follower is to go where the leader has gone: to another mount namespace",
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


TASK = structure(
    "task",
    ("self", "Q", "address of this structure (supervisor)"),
    ("entry", "Q", "address of the agent's entry for calls from patched sites (supervisor)"),
    ("entry_rdtsc", "Q", "the same for patched rdtsc instructions (supervisor)"),
    ("entry_rdtscp", "Q", "the same for patched rdtscp instructions (supervisor)"),
    ("stack", "Q", "top of the agent's stack (supervisor)"),
    ("program_stack", "Q", "the program's rsp while the agent runs (agent)"),
    (
        "pending",
        "I",
        "signals wait for the next common point; 2: for the end of the next call (supervisor)",
    ),
    ("interrupted", "I", "the last gate call was given up for a signal (gate, supervisor)"),
    ("disturbed", "I", "an ignored signal has woken the task in a call (supervisor)"),
    ("variant", "I", "index of this variant (supervisor)"),
    ("variants", "I", "number of variants (supervisor)"),
    ("leader", "I", "index of the leading variant (supervisor)"),
    ("policy", "I", "index into POLICIES (supervisor)"),
    ("verify", "I", "index into VERIFICATIONS (supervisor)"),
    ("lane", "I", "index of the task set's lane (supervisor)"),
    ("spin", "I", "iterations before a wait sleeps, at most (supervisor)"),
    (
        "wake_ns",
        "I",
        "what waking a sleeper takes; 0: habits do not change (supervisor)",
    ),
    ("watchdog_s", "I", "seconds the leader waits for a follower (supervisor)"),
    ("descriptors", "Q", "address of the descriptor table (supervisor)"),
    (
        "overhead",
        "Q",
        "bytes that mvx added to the address space: RLIMIT_AS is shifted by it (supervisor)",
    ),
    ("position", "Q", "bytes of the leader's lane produced or consumed (agent)"),
    ("calls", "Q", "matched calls so far (agent)"),
    ("message", "Q", "position at which the message of the current call starts (agent)"),
    ("number", "Q", "the current call (agent)"),
    ("return_address", "Q", "where a trapped instruction other than a call continues (supervisor)"),
    ("instruction", "I", "index into INSTRUCTIONS (supervisor)"),
    ("tid", "I", "the leader's thread id: the one that the program sees (supervisor)"),
    ("pid", "I", "the leader's process id (supervisor)"),
    ("loading", "I", "1: the loaders of different programs are at work (supervisor)"),
    ("tsc_khz", "I", "frequency that emulated rdtsc counts with (supervisor)"),
    ("duties", "I", "what is to be done at the end of a call: a set of DUTIES (supervisor)"),
    ("alone", "I", "1: nobody reads the lane, so nothing is written to it (supervisor)"),
    ("limit", "Q", "position up to which there is room, or something to read, for sure (agent)"),
    ("ordered", "I", "1: futexes and yields are answered as in the leader (supervisor)"),
    ("turns", "I", "1: runs program code only in its turn (supervisor, agent)"),
    ("between", "I", "1: its turn is one of the arena's domain (agent)"),
    ("gives", "I", "1: the turn is given up for the current call (agent of a follower)"),
    ("joins", "I", "1: processes that share memory take turns, too (supervisor)"),
    ("passed", "I", "waits for other processes that a query has passed over (agent)"),
    ("passed_results", f"{PASSED}Q", "what the leader's returned (agent)"),
    ("slot", "I", "index of this task slot (supervisor)"),
    ("copies", "I", "inode numbers modulo 32 of files that have copies (supervisor)"),
    ("wake", "I", "leader: futex word on which the task waits for a futex (agents)"),
    ("futex_bits", "I", "the bit set it waits with, 0: it waits to own a PI futex (agent)"),
    ("futex_address", "Q", "the futex that the task waits for, 0: none (agents)"),
    ("futex_several", "Q", "addresses of all futexes that it waits for, where several (agent)"),
    ("futex_count", "I", "how many those are (agent)"),
    ("futex_index", "I", "for which of them it was woken (agents)"),
    ("futex_next", "I", "slot + 1 of the next task in the queue of waiters (agents)"),
    ("futex_previous", "I", "slot + 1 of the one before it (agents)"),
    ("spins", "I", "how often it lost its turn since its last call (agent)"),
    ("clear_tid", "Q", "where zero is written when the thread ends (supervisor, agent)"),
    (
        "deferred",
        "I",
        "a timer's signal comes soon, or before a call that looks at signals (supervisor)",
    ),
    ("own_timers", "I", "1: every variant has timers of its own (supervisor)"),
    ("neighbour", "I", "waits on the CPU of who was waited for (agent)"),
    ("meetings", "I", "leader: rendezvous since it looked how often it was preempted (agent)"),
    ("preempted", "I", "leader: how often that was, until then (agent)"),
    ("moved", "I", "leader: how often in a row it went to another CPU for that (agent)"),
    ("habits", f"{HABITS}I", "by call and kind of wait, how often `spin` is halved (agent)"),
    ("woken", f"{VARIANTS_MAX}Q", "by variant, the position for which it was woken last (agent)"),
    ("parallel", "I", "1: threads run in parallel, what synchronises them is ordered (supervisor)"),
    ("hook", "I", "the hooked function that the program has called (hook_entry)"),
    ("entry_atomic", "Q", "the agent's entry for patched atomic instructions (supervisor)"),
    ("atomic", "I", "index of the atomic instruction that the program has come to (trampoline)"),
    ("allocating", "I", "1: the program is in a function that manages memory (hook_entry)"),
    ("allocated", "Q", "where that returns to (hook_entry)"),
    ("postpones", "I", "1: writes to connections may be postponed (supervisor)"),
    ("ready", "I", "how many descriptors the last wait found ready (agent)"),
    ("clock", "Q", "the vDSO's clock_gettime, 0: it may not be called (supervisor)"),
    ("returns", "I", "handlers that ended without the supervisor (agent)"),
)

DOMAIN = structure(
    "domain",
    ("turn", "Q", "leader: how many turns were taken; follower: whose turn it is (agent)"),
    ("state", "I", "leader: 0 nobody's turn, else lane + 1, and the bit WANTED (agent)"),
    ("starving", "I", "leader: somebody waits for long: who comes lets others go first (agent)"),
    ("events", "I", "follower: futex word, counts changes of the turn (agent, supervisor)"),
    ("sleepers", "I", "follower: a bit for the turn modulo 32 that somebody sleeps for (agent)"),
    ("spins", "I", "leader: who has the turn was found to spin (agent)"),
    ("joined", "I", "a process's own: its turns are those of the arena's domain (agent)"),
    ("told", "Q", "leader: of which turn the supervisor was told last that it lasts (agent)"),
    ("watched", "Q", "the arena's: the program has asked to be told of opens (agent)"),
)

FUTEXES = structure(
    "futexes",
    ("first", "I", "slot + 1 of the first task that waits for a futex (agent)"),
    ("last", "I", "slot + 1 of the last one (agent)"),
    ("shared", "I", "how many of the ranges are set (supervisor)"),
    ("ranges", f"{2 * SHARED_RANGES}Q", "start and end of memory shared with others (supervisor)"),
)

HOOKED_MAX = 20
SECTIONS_MAX = 8
HOOKED = structure(
    "hooked",
    ("depth", "Q", "how many hooked functions the task is in, by the calls below (agent)"),
    ("sections", f"{SECTIONS_MAX * 3}Q", "struct section: those that the task is in (agent)"),
    ("calls", f"{HOOKED_MAX * 10}Q", "struct hooked_call, the outermost first (agent)"),
)

ORDER = structure(
    "order",
    ("functions", f"{FUNCTIONS_MAX}Q", "addresses of the hooked functions (supervisor)"),
    ("objects", f"{OBJECTS_MAX}Q", "keys that are no arguments of functions (supervisor)"),
    ("library", "2Q", "start and end of the C library's code (supervisor)"),
    0x1000,
    ("buckets", f"{BUCKETS * 8}Q", "struct bucket (agent)"),
    ("sites", f"{ATOMICS_MAX * 4}Q", "struct atomic: instructions of the program (supervisor)"),
)

ATOMIC = structure(
    "atomic",
    ("next", "Q", "address of the instruction behind (supervisor)"),
    ("immediate", "Q", "its operand, where `other` is no register (supervisor)"),
    ("displacement", "I", "of the operand in memory (supervisor)"),
    ("identifier", "I", "the same in all variants (supervisor)"),
    ("registers", "I", "a byte each: other, base, index, scale (supervisor)"),
    ("kind", "I", "a byte each: operation, size of the operand, length (supervisor)"),
)

POSTPONED = structure(
    "postponed",
    ("count", "I", "how many writes there are (agent)"),
    ("used", "I", "how many bytes (agent)"),
    ("slot", "I", "of the task that has postponed the last (agent)"),
    ("times", "Q", "how often one was postponed when there was none (agent)"),
    ("writes", f"{2 * POSTPONED_MAX}I", "per write: descriptor, size (agent)"),
)

BOOTSTRAP = structure(
    "bootstrap",
    ("variant", "I", "index of this variant (supervisor)"),
    ("variants", "I", "number of variants (supervisor)"),
    ("address_size", "I", "bytes of the socket address (supervisor)"),
    ("counter", "I", "1: the program may read the time stamp counter (supervisor)"),
    ("moves", "I", "how many mappings of the program move (supervisor)"),
    (
        "barrier",
        "Q",
        "address of the barrier below which the kernel then places mappings, 0: none (supervisor)",
    ),
    ("barrier_size", "Q", "its size (supervisor)"),
    ("hole", "Q", "address that a loader left, which a second barrier fills, 0: none (supervisor)"),
    ("hole_size", "Q", "its size (supervisor)"),
    (
        "memory_map",
        "13Q",
        "struct prctl_mm_map with the common brk, all zero: keep the kernel's (supervisor)",
    ),
    ("vdso_moves", "I", "so many of them, the last ones, may fail: the vDSO (supervisor)"),
    ("vdso", "Q", "the place that it leaves, which a barrier fills (supervisor)"),
    ("vdso_size", "Q", "the size of that (supervisor)"),
    ("move", f"{3 * MOVES_MAX}Q", "per mapping: old address, size, new address (supervisor)"),
    ("address", "16Q", "struct sockaddr_un of the supervisor's socket (supervisor)"),
)

LANE = structure(
    "lane",
    ("head", "Q", "bytes published; its low half is a futex word (owner)"),
    64,
    ("tail", "Q", "bytes consumed of the leader's lane; its low half is a futex word (owner)"),
    128,
    ("wanted", "Q", "position at which the owner, which sleeps, goes on; 0: it does not (owner)"),
    ("processor", "I", "the CPU on which the owner published or agreed last (owner)"),
    192,
    ("number", "Q", "the call that the owner is in + 1, 0: in the program (owner)"),
    ("position", "Q", "position at which that call's message starts (owner)"),
    ("level", "I", "so many calls of the leader wait for all followers yet (supervisor, owner)"),
    256,
    ("history_count", "Q", "calls written to history so far (owner)"),
    320,
    ("history", f"{HISTORY_ENTRIES * 8}Q", "per call: number, result, six arguments (owner)"),
    2048,
    ("counts", f"{CALL_NUMBERS}I", "calls written to history so far, by number (owner)"),
)

MESSAGE = structure(
    "message",
    ("kind", "I", "MESSAGE_*"),
    ("number", "I", "the call; for a signal the point"),
    ("result", "Q", "MESSAGE_RESULT: the result"),
    (
        "flags",
        "I",
        "MESSAGE_RESULT: 1, a signal comes at its exit; MESSAGE_CALL: 1, each ends its handler",
    ),
    ("released", "I", "MESSAGE_CALL: 1, the thread gives its turn up for the time of the call"),
    (
        "turn",
        "Q",
        "which turn the thread has from here on, 0: the same; top bit: one of the arena's domain",
    ),
    ("arguments", "6Q", "MESSAGE_CALL: the leader's arguments as they are"),
)

COOKIES_TABLE = structure(
    "cookies",
    ("count", "Q", "pairs written so far; the last COOKIES are kept (agent of a follower)"),
    ("pairs", f"{2 * COOKIES}Q", "the leader's value, the variant's own (agent of a follower)"),
)

POINTERS_TABLE = structure(
    "pointers",
    ("pipes", "Q", "how many pipes the process has made (agent)"),
    ("count", "Q", "pairs written so far; the last POINTERS are kept (agent of a follower)"),
    ("pairs", f"{2 * POINTERS}Q", "the leader's pointer, the variant's own (agent of a follower)"),
)

PLACES_TABLE = structure(
    "places",
    ("count", "Q", "how many files were mapped at a chosen address (agent, supervisor)"),
    ("data", "Q", "where the first goes if it holds no code, PLACE_SIZE on the next (supervisor)"),
    ("code", f"{CODE_PLACES}Q", "where each of them goes if it may hold code (supervisor)"),
)

IMAGE = structure(
    "image_header",
    ("magic", "Q", "IMAGE_MAGIC"),
    ("version", "I", "PROTOCOL_VERSION"),
    ("size", "I", "bytes of the image"),
    ("bootstrap", "I", "offset of the bootstrap's entry"),
    ("enter_call", "I", "offset of the entry for a trapped call"),
    ("enter_instruction", "I", "offset of the entry for a trapped rdtsc"),
    ("map_pages", "I", "offset at which a stopped task maps pages"),
    ("enter_rdtsc", "I", "offset of the entry for a patched rdtsc"),
    ("enter_rdtscp", "I", "offset of the entry for a patched rdtscp"),
    ("enter_atomic", "I", "offset of the entry for a patched atomic instruction"),
    ("hook_stubs", "I", "offset of what is called instead of the first hooked function"),
    ("gate_plain", "I", "offset just after the plain gate's syscall instruction"),
    ("gate_test", "I", "offset of the interruptible gate's test of `pending`"),
    ("gate_interruptible", "I", "offset just after the interruptible gate's syscall instruction"),
    ("gate_interrupted", "I", "offset at which a call given up for a signal goes on"),
    ("gate_traced_test", "I", "offset of the traced gate's test of `pending`"),
    ("gate_traced", "I", "offset just after the traced gate's syscall instruction"),
    ("gate_traced_interrupted", "I", "offset at which a traced call given up goes on"),
    ("gate_control", "I", "offset just after the control gate's syscall instruction"),
    ("gate_bootstrap", "I", "offset just after the bootstrap gate's syscall instruction"),
    ("signal_wait", "I", "offset at which a variant waits for its own copy of a signal"),
    ("fault_start", "I", "offset of the first instruction that may fault on program memory"),
    ("fault_end", "I", "offset just after the last of them"),
    ("fault_fixup", "I", "offset at which such a fault goes on"),
)
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

STRUCTURES = (
    *(TASK, DOMAIN, FUTEXES, HOOKED, ORDER, ATOMIC, BOOTSTRAP, LANE, MESSAGE),
    *(POSTPONED, COOKIES_TABLE, POINTERS_TABLE, PLACES_TABLE, IMAGE),
)

_CONSTANTS = (
    "PROTOCOL_VERSION",
    "IMAGE_MAGIC",
    "NUMBER_RDTSC",
    "NUMBER_OUTSIDE",
    "NUMBER_YIELD",
    "NUMBER_FUTEX",
    "NUMBER_JOIN",
    "NUMBER_ORDER",
    "PROCESS_OFFSET",
    "POSTPONED_OFFSET",
    "POSTPONED_HEADER_SIZE",
    "POSTPONED_BYTES",
    "POSTPONED_MAX",
    "DESCRIPTORS_MAX",
    "DESCRIPTOR_TABLE_SIZE",
    "SHARED_STATE_OFFSET",
    "EPOLL_ENTRIES",
    "CLOCKS_OFFSET",
    "CLOCKS",
    "COOKIES_OFFSET",
    "COOKIES",
    "POINTERS_OFFSET",
    "POINTERS",
    "TOKEN_TAG",
    "TOKEN_SHIFT",
    "PLACES_OFFSET",
    "PLACE_SIZE",
    "CODE_PLACES",
    "DATA_PLACES",
    "DOMAIN_OFFSET",
    "FUTEXES_OFFSET",
    "SHARED_RANGES",
    "TASKS_OFFSET",
    "TASK_SLOTS",
    "TASK_SLOT_SIZE",
    "HOOKED_OFFSET",
    "HOOKED_MAX",
    "SECTIONS_MAX",
    "ORDER_OFFSET",
    "BUCKETS",
    "ATOMICS_MAX",
    "PRIVATE_SIZE",
    "ARENAS_OFFSET",
    "LANES",
    "LANE_HEADER_SIZE",
    "RING_SIZE",
    "PASSED",
    "LANE_STRIDE",
    "SHARED_DOMAIN_OFFSET",
    "OWNERS_OFFSET",
    "OWNERS",
    "ARENA_SIZE",
    "HISTORY_ENTRIES",
    "CALL_NUMBERS",
    "VARIANTS_MAX",
    "HABITS",
)


def header() -> str:
    """The text of ``agent/generated/layout.h``."""
    lines = [
        "/* Generated by `python -m mvx.generate` from src/mvx/layout.py: do not edit. */",
        "#ifndef MVX_LAYOUT_H",
        "#define MVX_LAYOUT_H",
        "",
    ]
    lines += [f"#define {name} {globals()[name]:#x}" for name in _CONSTANTS]
    enumerations: tuple[tuple[str, dict[str, str]], ...] = (
        ("REQUEST", REQUESTS),
        ("POINT", POINTS),
        ("DIVERGENCE", DIVERGENCES),
        ("VERDICT", VERDICTS),
        ("MESSAGE", MESSAGES),
        ("INSTRUCTION", INSTRUCTIONS),
        ("DUTY", DUTIES),
        ("KEPT", DESCRIPTORS),
        ("POLICY", {name.upper(): "" for name in POLICIES}),
        ("VERIFY", {name.upper(): "" for name in VERIFICATIONS}),
    )
    lines += [
        "/* The rest of an entry numbers the epoll instance or pipe. */",
        f"#define KEPT_MASK {KEPT_MASK:#x}",
        "",
    ]
    for prefix, words in enumerations:
        lines += [f"#define {prefix}_{word} {number}" for number, word in enumerate(words)]
    lines += declaration(STRUCTURES)
    return "\n".join([*lines, "#endif", ""])
