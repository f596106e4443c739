"""The structures that supervisor and agent share, and the C header of all that they agree on.

Each lists its fields with type, meaning and who writes them. :func:`header` turns them, and what
layout.py says, into ``agent/generated/layout.h``; Python has the same offsets (structure.py).
"""

from __future__ import annotations

from mvx import layout
from mvx.layout import (
    ATOMICS_MAX,
    BUCKETS,
    CALL_NUMBERS,
    CODE_PLACES,
    COOKIES,
    DESCRIPTORS,
    DIVERGENCES,
    DUTIES,
    FUNCTIONS_MAX,
    HABITS,
    HISTORY_ENTRIES,
    HOOKED_MAX,
    INSTRUCTIONS,
    KEPT_MASK,
    MESSAGES,
    MOVES_MAX,
    OBJECTS_MAX,
    PAGES_MAX,
    PASSED,
    POINTERS,
    POINTS,
    POLICIES,
    POSTPONED_MAX,
    REQUESTS,
    SECTIONS_MAX,
    SHARED_RANGES,
    VARIANTS_MAX,
    VERDICTS,
    VERIFICATIONS,
)
from mvx.structure import declaration, structure

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
    ("budget", "I", "leader: how many calls are first made without waiting (agent)"),
    ("attempts", "I", "leader: how many of them are left (agent)"),
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
    ("misses", "I", "how often there was nothing to read since (agent)"),
    ("writes", f"{2 * POSTPONED_MAX}I", "per write: descriptor, size (agent)"),
    ("ports", f"{POSTPONED_MAX}I", "per write: the port of this end (agent)"),
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
    ("pages", "I", "how many pages for trampolines to map (supervisor)"),
    ("page", f"{PAGES_MAX}Q", "their addresses (supervisor); what mmap answered (agent)"),
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
    ("first", "I", "bytes of it, whole pages, that the bootstrap needs before it has the rest"),
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
        "/* Generated by `python -m mvx.generate` from src/mvx/records.py: do not edit. */",
        "#ifndef MVX_LAYOUT_H",
        "#define MVX_LAYOUT_H",
        "",
    ]
    lines += [f"#define {name} {getattr(layout, name):#x}" for name in _CONSTANTS]
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
