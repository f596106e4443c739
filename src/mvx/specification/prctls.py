"""The options of prctl (linux/prctl.h).

An option that is not listed is refused with EINVAL, as an older kernel would.
"""

from errno import EINVAL, EPERM

from .annotations import Bytes, Hex, In, Int, Int32, Long, Out, Own, Pid, Signal, String
from .requests import EVERYONE, LOCAL, Request

OPTIONS = [
    Request("PR_SET_PDEATHSIG", 1, Signal, sensitive=True),
    Request("PR_GET_PDEATHSIG", 2, Out[Int32]),
    Request("PR_GET_DUMPABLE", 3),
    Request("PR_SET_DUMPABLE", 4, Long, note="followers stay dumpable"),
    Request("PR_GET_KEEPCAPS", 7),
    Request("PR_SET_KEEPCAPS", 8, Long, executor=EVERYONE, sensitive=True),
    Request("PR_SET_NAME", 15, In[String], executor=EVERYONE),
    Request("PR_GET_NAME", 16, Out[Bytes.fixed(16, "string")]),
    Request("PR_GET_SECCOMP", 21, refusal=EINVAL, note="the filter is mvx's own"),
    Request(
        "PR_SET_SECCOMP", 22, refusal=EINVAL, note="a second filter would see the agent's calls"
    ),
    Request("PR_CAPBSET_READ", 23, Int),
    Request("PR_CAPBSET_DROP", 24, Int, executor=EVERYONE, sensitive=True),
    Request("PR_GET_TSC", 25, refusal=EINVAL, note="the time stamp counter is trapped by mvx"),
    Request("PR_SET_TSC", 26, refusal=EINVAL, note="the time stamp counter is trapped by mvx"),
    Request("PR_GET_SECUREBITS", 27),
    Request("PR_SET_SECUREBITS", 28, Hex, executor=EVERYONE, sensitive=True),
    Request("PR_SET_TIMERSLACK", 29, Long),
    Request("PR_GET_TIMERSLACK", 30),
    Request("PR_MCE_KILL", 33, Int, Int),
    Request("PR_MCE_KILL_GET", 34),
    Request("PR_SET_MM", 35, refusal=EPERM, note="addresses of the process's parts belong to mvx"),
    Request("PR_SET_CHILD_SUBREAPER", 36, Long, executor=EVERYONE, sensitive=True),
    Request("PR_GET_CHILD_SUBREAPER", 37, Out[Int32]),
    Request("PR_SET_NO_NEW_PRIVS", 38, Long, Long, Long, Long, executor=EVERYONE),
    Request("PR_GET_NO_NEW_PRIVS", 39, Long, Long, Long, Long),
    Request("PR_GET_TID_ADDRESS", 40, Own, executor=LOCAL),
    Request("PR_SET_THP_DISABLE", 41, Long, Long, Long, Long, executor=LOCAL),
    Request("PR_GET_THP_DISABLE", 42, Long, Long, Long, Long, executor=LOCAL),
    Request("PR_CAP_AMBIENT", 47, Int, Int, Long, Long, executor=EVERYONE, sensitive=True),
    Request("PR_GET_SPECULATION_CTRL", 52, Int, Long, Long, Long),
    Request("PR_SET_SPECULATION_CTRL", 53, Int, Long, Long, Long, executor=EVERYONE),
    Request("PR_SET_IO_FLUSHER", 57, Long, Long, Long, Long, executor=EVERYONE, sensitive=True),
    Request("PR_GET_IO_FLUSHER", 58, Long, Long, Long, Long),
    Request(
        "PR_SET_SYSCALL_USER_DISPATCH", 59, refusal=EINVAL, note="would divert calls from the agent"
    ),
    Request("PR_SCHED_CORE", 62, refusal=EINVAL, note="names an address of the caller"),
    Request("PR_SET_MDWE", 65, refusal=EINVAL, note="would keep the agent out of the next program"),
    Request("PR_GET_MDWE", 66, refusal=EINVAL, note="as a kernel without it"),
    Request("PR_SET_MEMORY_MERGE", 67, Long, Long, Long, Long, executor=LOCAL),
    Request("PR_GET_MEMORY_MERGE", 68, Long, Long, Long, Long, executor=LOCAL),
    Request(
        "PR_TIMER_CREATE_RESTORE_IDS", 77, refusal=EINVAL, note="timers are numbered by the leader"
    ),
    Request("PR_FUTEX_HASH", 78, Long, Long, Long, Long, executor=LOCAL),
    Request("PR_GET_AUXV", 0x41555856, Own, Long, Long, Long, executor=LOCAL),
    Request("PR_SET_VMA", 0x53564D41, Long, Own, Long, Own, executor=LOCAL),
    Request("PR_SET_PTRACER", 0x59616D61, Pid, sensitive=True),
]
