"""Signals: actions and masks are everyone's, sending and waiting are the leader's.

Delivery is the supervisor's.
"""

from .annotations import (
    SIGSET_BYTES,
    Bytes,
    Exactly,
    Fd,
    Hex,
    In,
    Int,
    MaskHow,
    Out,
    Own,
    Pid,
    Signal,
    SigSet,
    Size,
    StatusFlags,
    Zero,
)
from .declaration import everyone, leader, native
from .structures import sigaction, siginfo, timespec
from .structures import sigaltstack as stack

SFD_CLOEXEC = 0o2000000


@everyone
def rt_sigaction(
    sig: Signal,
    act: In[Exactly("sigsetsize", SIGSET_BYTES, sigaction)],
    oact: Out[sigaction],
    sigsetsize: Size,
) -> Zero:
    """Each variant has its own handler's address."""


@everyone
def rt_sigprocmask(how: MaskHow, nset: In[SigSet], oset: Out[SigSet], sigsetsize: Size) -> Zero: ...


@leader
def rt_sigpending(uset: Out[Bytes("sigsetsize", 1, "sigset")], sigsetsize: Size) -> Zero: ...


@leader(note="a pointer that came with the signal is the leader's", blocks=True)
def rt_sigtimedwait(
    uthese: In[SigSet],
    uinfo: Out[siginfo],
    uts: In[Exactly("sigsetsize", SIGSET_BYTES, timespec)],
    sigsetsize: Size,
) -> Signal: ...


@leader(signal_mask=True, blocks=True)
def rt_sigsuspend(unewset: In[SigSet], sigsetsize: Size) -> Zero: ...


@leader(blocks=True)
def pause() -> Zero: ...


@leader
def restart_syscall() -> Int:
    """The kernel makes this call to go on after a stop; it means the interrupted one."""


@native
def rt_sigreturn() -> Own:
    """The frame on the stack is the variant's own."""


@native
def sigaltstack(uss: In[stack], uoss: Out[stack]) -> Zero: ...


@leader(effect=True, sensitive=True)
def kill(pid: Pid, sig: Signal) -> Zero: ...


@leader(effect=True, sensitive=True)
def tkill(pid: Pid, sig: Signal) -> Zero: ...


@leader(effect=True, sensitive=True)
def tgkill(tgid: Pid, pid: Pid, sig: Signal) -> Zero: ...


@leader(effect=True, sensitive=True, note="a pointer in the signal's value is the leader's")
def rt_sigqueueinfo(pid: Pid, sig: Signal, uinfo: In[siginfo]) -> Zero: ...


@leader(effect=True, sensitive=True, note="a pointer in the signal's value is the leader's")
def rt_tgsigqueueinfo(tgid: Pid, pid: Pid, sig: Signal, uinfo: In[siginfo]) -> Zero: ...


@leader(effect=True, sensitive=True, note="a pointer in the signal's value is the leader's")
def pidfd_send_signal(pidfd: Fd, sig: Signal, info: In[siginfo], flags: Hex) -> Zero: ...


@leader
def signalfd(
    ufd: Fd,
    user_mask: In[Exactly("sizemask", SIGSET_BYTES, SIGSET_BYTES, "sigset")],
    sizemask: Size,
) -> Fd: ...


@leader(cloexec=("flags", SFD_CLOEXEC))
def signalfd4(
    ufd: Fd,
    user_mask: In[Exactly("sizemask", SIGSET_BYTES, SIGSET_BYTES, "sigset")],
    sizemask: Size,
    flags: StatusFlags,
) -> Fd: ...
