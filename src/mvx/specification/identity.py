"""Who a process is: numbers, groups, sessions, users, capabilities."""

from .annotations import Bytes, Gid, In, InOut, Int, Int32, Out, Pid, Uid, Zero
from .declaration import everyone, leader
from .structures import capability_data, capability_header

NGROUPS_MAX = 65536
"""linux/limits.h."""


@leader
def getpid() -> Pid: ...


@leader
def gettid() -> Pid: ...


@leader
def getppid() -> Pid: ...


@leader
def getpgid(pid: Pid) -> Pid: ...


@leader
def getpgrp() -> Pid: ...


@leader
def getsid(pid: Pid) -> Pid: ...


@leader(effect=True, sensitive=True)
def setpgid(pid: Pid, pgid: Pid) -> Zero:
    """The leader's job control; followers have no terminal."""


@leader(effect=True, sensitive=True)
def setsid() -> Pid: ...


@leader
def getuid() -> Uid: ...


@leader
def geteuid() -> Uid: ...


@leader
def getgid() -> Gid: ...


@leader
def getegid() -> Gid: ...


@leader
def getresuid(ruidp: Out[Int32], euidp: Out[Int32], suidp: Out[Int32]) -> Zero: ...


@leader
def getresgid(rgidp: Out[Int32], egidp: Out[Int32], sgidp: Out[Int32]) -> Zero: ...


@leader
def getgroups(gidsetsize: Int, grouplist: Out[Bytes.result("gidsetsize", 4)]) -> Int: ...


@everyone(sensitive=True)
def setuid(uid: Uid) -> Zero: ...


@everyone(sensitive=True)
def setgid(gid: Gid) -> Zero: ...


@everyone(sensitive=True)
def setreuid(ruid: Uid, euid: Uid) -> Zero: ...


@everyone(sensitive=True)
def setregid(rgid: Gid, egid: Gid) -> Zero: ...


@everyone(sensitive=True)
def setresuid(ruid: Uid, euid: Uid, suid: Uid) -> Zero: ...


@everyone(sensitive=True)
def setresgid(rgid: Gid, egid: Gid, sgid: Gid) -> Zero: ...


@everyone(sensitive=True)
def setfsuid(uid: Uid) -> Uid: ...


@everyone(sensitive=True)
def setfsgid(gid: Gid) -> Gid: ...


@everyone(sensitive=True)
def setgroups(gidsetsize: Int, grouplist: In[Bytes("gidsetsize", 4, most=NGROUPS_MAX)]) -> Zero: ...


@leader(out_on_error=True)
def capget(header: InOut[capability_header], dataptr: Out[capability_data]) -> Zero:
    """An unknown version makes the kernel write the one it wants and fail."""


@everyone(sensitive=True)
def capset(header: InOut[capability_header], data: In[capability_data]) -> Zero: ...
