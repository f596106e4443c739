"""Which calls go which way, from the specification."""

from __future__ import annotations

from mvx.specification import declarations
from mvx.specification.vocabulary import CallFlag, Executor

FUTEX = 202
RESTART_SYSCALL = 219

FREE = frozenset({12, 24, 27, 28, 149, 150, 151, 152, FUTEX, 273, 274, 324, 325, 449, 454, 455, 456})
"""Calls that pass from anywhere: brk, sched_yield, mincore, madvise, mlock and relatives, futexes, robust lists,
membarrier. Each variant makes them for itself, nobody compares them, and they cannot reach another memory. (madvise may
drop the agent's private state: the variant then fails, which is what happens to a variant that attacks itself.)"""

_AGENT = frozenset({3, 5, 41, 42, 47, 89, 24, 257, 290, 292, FUTEX, RESTART_SYSCALL, 228, 302})
"""What the agent itself needs at the plain gate: close, fstat, socket, connect, recvmsg, readlink, sched_yield, openat,
eventfd2, dup3, futex, restart_syscall, clock_gettime; prlimit64, whose changing form takes the traced gate."""


def executor(number: int) -> Executor:
    """Who executes a call; unknown numbers are refused."""
    rule = declarations().get(number)
    return rule.executor if rule else Executor.REFUSED


def allowed_at_gate() -> frozenset[int]:
    """The numbers that the filter lets through at the untraced gates."""
    passing = {
        number
        for number, rule in declarations().items()
        if rule.executor in (Executor.LEADER, Executor.EVERYONE)
        and not rule.flags & CallFlag.SENSITIVE
    }
    return frozenset(passing | _AGENT)
