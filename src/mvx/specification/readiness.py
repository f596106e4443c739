"""Waiting for descriptors. The leader waits, followers learn what it saw."""

from .annotations import (
    Array,
    Bits,
    EpollOperation,
    Fd,
    Hex,
    In,
    InOut,
    Int,
    Out,
    Path,
    SigSet,
    Size,
    StatusFlags,
    Timeout,
    UInt,
    Zero,
)
from .declaration import leader
from .structures import epoll_event, masked, pollfd, timespec, timeval

O_CLOEXEC = 0o2000000
DESCRIPTORS = 1 << 20
"""How many a process can have open at most (fs.nr_open, unless somebody has raised it)."""


@leader(blocks=True)
def poll(
    ufds: InOut[Array(pollfd, "nfds", most=DESCRIPTORS)], nfds: UInt, timeout_msecs: Timeout
) -> Int: ...


@leader(signal_mask=True, out_on_error=True, blocks=True)
def ppoll(
    ufds: InOut[Array(pollfd, "nfds", most=DESCRIPTORS)],
    nfds: UInt,
    tsp: InOut[timespec],
    sigmask: In[SigSet],
    sigsetsize: Size,
) -> Int:
    """The kernel writes the remaining time, even when a signal interrupts."""


@leader(out_on_error=True, blocks=True)
def select(
    n: Int,
    inp: InOut[Bits("n")],
    outp: InOut[Bits("n")],
    exp: InOut[Bits("n")],
    tvp: InOut[timeval],
) -> Int:
    """The kernel writes the remaining time, even when a signal interrupts."""


@leader(handler="pselect", signal_mask=True, out_on_error=True, blocks=True)
def pselect6(
    n: Int,
    inp: InOut[Bits("n")],
    outp: InOut[Bits("n")],
    exp: InOut[Bits("n")],
    tsp: InOut[timespec],
    sig: In[masked],
) -> Int:
    """The last argument points to the address and the size of the signal mask."""


@leader(handler="epoll_create")
def epoll_create(size: Int) -> Fd: ...


@leader(handler="epoll_create", cloexec=("flags", O_CLOEXEC))
def epoll_create1(flags: StatusFlags) -> Fd: ...


@leader(handler="epoll_control")
def epoll_ctl(epfd: Fd, op: EpollOperation, fd: Fd, event: In[epoll_event]) -> Zero:
    """The data of an event is each variant's own: the agent remembers it."""


@leader(handler="epoll_wait", blocks=True)
def epoll_wait(
    epfd: Fd, events: Out[Array.result(epoll_event, "maxevents")], maxevents: Int, timeout: Timeout
) -> Int:
    """Each variant finds its own data in the events."""


@leader(handler="epoll_wait", signal_mask=True, blocks=True)
def epoll_pwait(
    epfd: Fd,
    events: Out[Array.result(epoll_event, "maxevents")],
    maxevents: Int,
    timeout: Timeout,
    sigmask: In[SigSet],
    sigsetsize: Size,
) -> Int: ...


@leader(handler="epoll_wait", signal_mask=True, blocks=True)
def epoll_pwait2(
    epfd: Fd,
    events: Out[Array.result(epoll_event, "maxevents")],
    maxevents: Int,
    timeout: In[timespec],
    sigmask: In[SigSet],
    sigsetsize: Size,
) -> Int: ...


@leader
def inotify_init() -> Fd: ...


@leader(cloexec=("flags", O_CLOEXEC))
def inotify_init1(flags: StatusFlags) -> Fd: ...


@leader
def inotify_add_watch(fd: Fd, pathname: In[Path], mask: Hex) -> Int: ...


@leader
def inotify_rm_watch(fd: Fd, wd: Int) -> Zero: ...
