"""Which calls go which way, from the specification's generated table: a run loads no declarations
for it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mvx.specification.table import REQUESTS, RULES
from mvx.specification.vocabulary import CallFlag, Executor

if TYPE_CHECKING:
    from mvx.monitor import Monitor

FUTEX = 202
RESTART_SYSCALL = 219

ORDERED = frozenset({24, FUTEX, 449, 454, 455, 456})
"""sched_yield and the futexes: where threads take turns they go through the agent."""
FREE = frozenset({12, 28, 149, 150, 151, 152, RESTART_SYSCALL, 273, 324, 325}) | ORDERED
"""Calls that pass from anywhere: brk, sched_yield, madvise, mlock and relatives, futexes,
set_robust_list, membarrier, and restart_syscall, by which the kernel goes on with a futex after a
stop or a signal without handler. Each variant makes them for itself, nobody compares them, and they
cannot reach another memory. (madvise may drop the agent's private state: the variant then fails, as
it does when it attacks itself.)
"""

_AGENT = frozenset({3, 5, 89, 24, 218, 257, 273, 274, 290, 292, FUTEX, RESTART_SYSCALL, 228, 302})
"""What the agent itself needs at the plain gate: close, fstat, readlink, sched_yield,
set_tid_address, openat, set_robust_list, get_robust_list, eventfd2, dup3, futex,
restart_syscall, clock_gettime; prlimit64, whose changing form takes the traced gate.
"""
_RT_SIGRETURN = frozenset({15})
"""The agent ends handlers by itself. Whoever jumps to the gate could set these registers anyway."""


BOOTSTRAP = frozenset({9, 10, 25, 41, 42, 47, 157, 158, 462})
"""What the agent's bootstrap needs at the bootstrap gate, which is gone before the program starts:
mmap, mprotect, mremap, socket, connect, recvmsg, prctl, arch_prctl, mseal.
"""

LOCAL = frozenset(number for number, rule in RULES.items() if rule.executor == Executor.LOCAL)
"""Calls that each variant makes for itself, neither synchronised nor compared."""


def executor(number: int) -> Executor:
    """Who executes a call; unknown numbers are refused."""
    rule = RULES.get(number)
    return Executor(rule.executor) if rule else Executor.REFUSED


def tell(monitor: Monitor, number: int) -> None:
    """Say why a call is refused that programs cannot do without."""
    from mvx.specification import declarations  # takes 20 ms, and is seldom wanted

    call = declarations().get(number)
    if call is not None and call.refusal:
        error = os.strerror(call.refusal)
        monitor.warn(f"refused {call.name}", f"{call.name} refused ({error}): {call.note}")


_ALWAYS = frozenset({60, 231})
"""exit and exit_group: verified by the rendezvous before them; when a follower leaves, the leader
may be gone.
"""
_NEVER = frozenset({85, 437})
"""creat and openat2: opening for writing is looked at by the supervisor (see seccomp.build for open
and openat).
"""
_REQUEST_MAX = 0xFFFFFFFF
_REQUESTS_MAX = 120
"""A jump of the filter reaches 255 instructions."""
_BY_REQUEST = frozenset({16, 72})
"""ioctl and fcntl: an effect or not by their request, which the filter does not know."""


def allowed_at_gate(verify: str) -> frozenset[int]:
    """The numbers that the filter lets through at the untraced gates under a verification
    ("sensitive", "effects", "all").
    """
    if verify == "all":
        return _AGENT | _ALWAYS
    executors = (Executor.LEADER.value, Executor.EVERYONE.value)
    effects = CallFlag.EFFECT.value if verify == "effects" else 0
    forbidden = CallFlag.SENSITIVE.value | effects
    passing = {
        number
        for number, rule in RULES.items()
        if rule.executor in executors and not rule.flags & forbidden
    }
    if verify == "effects":
        passing -= _BY_REQUEST
    return frozenset(passing - _NEVER | _AGENT | _ALWAYS | _RT_SIGRETURN)


def sensitive_requests(verify: str) -> list[tuple[int, list[int]]]:
    """Which requests of ioctl and fcntl do not pass the untraced gates, where the calls do."""
    if verify != "sensitive":
        return []
    sensitive = CallFlag.SENSITIVE.value
    return [
        (
            number,
            [
                value
                for value, _, flags in REQUESTS[name]
                if flags & sensitive and value <= _REQUEST_MAX
            ][:_REQUESTS_MAX],
        )
        for number, name in ((72, "fcntl"), (16, "ioctl"))
    ]
