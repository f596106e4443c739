"""What does not work yet, each with its cause.

A gap is asserted both ways: a test that is named here must fail, or this table is out of date. The
documentation's page of what does not work is made of the same causes.
"""

from __future__ import annotations

from typing import Final

PROGRAMS: Final[dict[str, str]] = {}
"""Programs of tests/programs that do not behave under mvx, in any combination, as they do natively.
"""

WITH_FOLLOWERS: Final[dict[str, str]] = {}
"""The same, but with N = 1 they behave."""

TRANSLATED: Final[dict[str, str]] = {}
"""The same, with N > 1 under `--pids translate` only."""

VERIFIED: Final[dict[str, str]] = {
    "ignored_signals_do_not_interrupt": "the rest of a transfer is another call",
}
"""The same, with N > 1 under `--verify effects` and `all` only."""

RACES: Final[dict[str, str]] = {
    "hardware_random_gives_bytes": "with --no-patch RDRAND is seen where cpuid cannot fault",
}
"""Programs that may behave or not with N > 1: it depends on the machine or on a race."""

STREAM_RACES: Final[dict[str, str]] = {
    "memfd_is_passed_and_shared": "the leader may send memory before followers have made theirs",
    "mmap_file_shared_read_only": "the leader may write the file before followers have looked",
    "mmap_shared_of_a_passed_file": "a process of a follower may go on before another has stored",
    "pipe_without_reader_is_epipe": "a follower may be late for a process that ended",
    "pointers_to_forked_child": "the leader does not wait until followers told their pointers",
}
"""The same for the policy `stream` only."""

THREADS: Final[dict[str, str]] = {}
"""Programs of tests/threads that may fail, and why."""

ORDERED: Final[dict[str, str]] = {
    "computing_is_interrupted": "the handler reads what the thread is computing",
    "cpp_futures": "shared_ptr looks at its counters by a load that is not ordered",
    "cpp_stop_tokens": "waits by loads that are not ordered",
    "futex_priority_inheritance": "the futex's word is changed by the kernel, not in order",
    "openmp_loops": "libgomp waits by loads that are not ordered",
    "openmp_tasks": "libgomp waits by loads that are not ordered",
    "python_threads": "CPython asks for its lock by loads that are not ordered",
    "python_pools": "CPython asks for its lock by loads that are not ordered",
    "signals_interrupt_waits": "may hang where a signal comes to a thread that is about to wait",
    "spawn_in_threads": "popen looks at a list of what other threads opened so",
}
"""The same with `--threads ordered`: plain loads that race with atomic instructions."""

SERIAL: Final = frozenset(
    {
        *("cancel_in_condition", "cancel_in_read", "cancel_while_computing"),
        *("go_channels", "go_collects_garbage", "musl_threads"),
    }
)
"""Programs whose threads run one at a time with `--threads ordered`, too, with a warning."""

COMBINATIONS: Final[dict[str, str]] = {}
"""The same for one combination only: "name[combination]", as the test's name has it."""

WARNINGS: Final[tuple[str, ...]] = (
    r"mvx: warning: call 0x[0-9a-f]+ by the 32-bit or x32 entry .*",
    r"mvx: warning: .* is a 32-bit program, and mvx runs x86-64 programs: ENOEXEC",
    r"mvx: warning: more processes and threads at once than mvx has room for: EAGAIN",
)
"""Regular expressions of the warnings that mvx may print while a program of tests/programs behaves.
"""

_ADDRESSES = "the last calls with their raw arguments lie in the arenas, which all variants read"

HOSTILE: Final[dict[str, str]] = {
    "lanes/read-other-addresses/all": _ADDRESSES,
    "lanes/read-other-addresses/follower": _ADDRESSES,
    "lanes/read-other-addresses/leader": _ADDRESSES,
}
"""What a variant that is taken over can do, or how it can make mvx hang or fail: "file/action/who".
"""

ATTACKS: Final[dict[str, str]] = {}
"""Attacks of tests/test_attacks.py that should be stopped and are not."""

BENIGN: Final[dict[str, str]] = {}
"""Programs and scripts of tests/test_benign.py that give a false alarm, or behave otherwise than
natively.
"""

LIFECYCLE: Final[dict[str, str]] = {}
"""Cases of tests/test_lifecycle.py that end otherwise than they should."""
