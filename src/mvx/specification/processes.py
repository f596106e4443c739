"""Processes and threads: making, ending, waiting, and their properties."""

from .annotations import (
    Address,
    ArchPrctl,
    AtFlags,
    CloneFlags,
    DirFd,
    Fd,
    Flags,
    FutexOperation,
    Hex,
    IdType,
    In,
    Int,
    Int32,
    Long,
    Out,
    Own,
    Path,
    Pid,
    PrctlOption,
    Request,
    Resource,
    Size,
    Strings,
    UInt,
    UsageOf,
    WaitOptions,
    Zero,
)
from .declaration import everyone, leader, local, native
from .structures import clone_args, rlimit, rusage, siginfo_wait


@native(handler="clone")
def clone(
    clone_flags: CloneFlags, newsp: Address, parent_tidptr: Own, child_tidptr: Own, tls: Own
) -> Pid:
    """The child has the same number in every variant."""


@native(handler="clone")
def clone3(uargs: In[clone_args], size: Size) -> Pid: ...


@native(handler="clone")
def fork() -> Pid: ...


@native(handler="clone")
def vfork() -> Pid: ...


@native(handler="exec", effect=True)
def execve(filename: In[Path], argv: In[Strings], envp: In[Strings]) -> Zero:
    """Path, arguments and environment are compared; every variant gets a new agent."""


@native(handler="exec", effect=True)
def execveat(
    dfd: DirFd, filename: In[Path], argv: In[Strings], envp: In[Strings], flags: AtFlags
) -> Zero: ...


@everyone(handler="exit", effect=True, no_return=True)
def exit(error_code: Int) -> Zero: ...


@everyone(handler="exit", effect=True, no_return=True)
def exit_group(error_code: Int) -> Zero:
    """The status is compared before anybody ends."""


@leader(blocks=True)
def wait4(upid: Pid, stat_addr: Out[Int32], options: WaitOptions, ru: Out[rusage]) -> Pid:
    """Followers learn what the leader saw; the supervisor reaps their children."""


@leader(blocks=True)
def waitid(
    which: IdType, upid: Pid, infop: Out[siginfo_wait], options: WaitOptions, ru: Out[rusage]
) -> Zero: ...


@everyone(handler="tid_address")
def set_tid_address(tidptr: Own) -> Pid:
    """Each variant registers its own address; the number is the leader's."""


@local
def set_robust_list(head: Own, len: Size) -> Zero: ...


@everyone
def get_robust_list(pid: Pid, head_ptr: Own, len_ptr: Own) -> Zero: ...


@local(handler="order")
def futex(
    uaddr: Address, op: FutexOperation, val: UInt, utime: Own, uaddr2: Own, val3: UInt
) -> Int: ...


@local(handler="order")
def futex_waitv(waiters: Own, nr_futexes: UInt, flags: Hex, timeout: Own, clockid: Int) -> Int: ...


@local(handler="order")
def futex_wake(uaddr: Address, mask: Flags, nr: Int, flags: Hex) -> Int: ...


@local(handler="order")
def futex_wait(
    uaddr: Address, val: Flags, mask: Flags, flags: Hex, timeout: Own, clockid: Int
) -> Int: ...


@local(handler="order")
def futex_requeue(waiters: Own, flags: Hex, nr_wake: Int, nr_requeue: Int) -> Int: ...


@native(handler="option")
def prctl(option: PrctlOption, arg2: Request, arg3: Request, arg4: Request, arg5: Request) -> Long:
    """The table of options says who executes and what the arguments are."""


@local(sensitive=True)
def arch_prctl(option: ArchPrctl, arg2: Own) -> Long:
    """Thread pointers are each variant's own; CPUID faulting belongs to the supervisor."""


@leader(loading=True)
def getrlimit(resource: Resource, rlim: Out[rlimit]) -> Zero: ...


@everyone(sensitive=True)
def setrlimit(resource: Resource, rlim: In[rlimit]) -> Zero: ...


@everyone(handler="prlimit", sensitive=True)
def prlimit64(pid: Pid, resource: Resource, new_rlim: In[rlimit], old_rlim: Out[rlimit]) -> Zero:
    """Asking is the leader's, setting everyone's."""


@leader
def getrusage(who: UsageOf, ru: Out[rusage]) -> Zero: ...


@everyone(sensitive=True)
def personality(personality: Hex) -> Int: ...


@leader(cloexec="always")
def pidfd_open(pid: Pid, flags: Hex) -> Fd: ...


@everyone(
    handler="namespaces",
    effect=True,
    sensitive=True,
)
def unshare(unshare_flags: CloneFlags) -> Zero:
    """What is in a namespace of users, processes, the network, names, control groups or time only
    the leader uses: it alone goes there. To its mounts and System V objects the followers follow.
    """


@everyone(
    handler="namespaces",
    effect=True,
    sensitive=True,
    note="only with the type, and only what unshare does",
)
def setns(fd: Fd, nstype: CloneFlags) -> Zero: ...


@leader(
    sensitive=True, note="which slot of an epoll instance is meant (KCMP_EPOLL_TFD) is not compared"
)
def kcmp(pid1: Pid, pid2: Pid, type: Int, idx1: Flags, idx2: Address) -> Int:
    """Whether two processes of the leader share something: so do those of every follower."""


@leader(effect=True, sensitive=True)
def process_mrelease(pidfd: Fd, flags: Hex) -> Zero: ...
