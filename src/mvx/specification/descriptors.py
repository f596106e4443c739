"""Reading and writing through descriptors, and the descriptors themselves.

A descriptor has the same number in every variant (a placeholder stands in for the leader's file),
so numbers are compared as they are. On a descriptor of kind `own` the agent executes these calls
locally, whatever is said here.
"""

from .annotations import (
    Bytes,
    FcntlCommand,
    Fd,
    FileAdvice,
    Hex,
    In,
    InOut,
    Int64,
    IoctlRequest,
    LockOperation,
    Long,
    MemfdFlags,
    Out,
    Request,
    Seek,
    Size,
    StatusFlags,
    String,
    UInt,
    Unused,
    Vector,
    Zero,
)
from .declaration import everyone, leader
from .structures import blob

O_CLOEXEC = 0o2000000


@leader(blocks=True)
def read(fd: Fd, buf: Out[Bytes.result("count")], count: Size) -> Size:
    """Followers receive a copy of the bytes that the leader read."""


@leader(effect=True, blocks=True)
def write(fd: Fd, buf: In[Bytes("count")], count: Size) -> Size:
    """The leader writes from the compared copy."""


@leader
def pread64(fd: Fd, buf: Out[Bytes.result("count")], count: Size, pos: Long) -> Size: ...


@leader(effect=True)
def pwrite64(fd: Fd, buf: In[Bytes("count")], count: Size, pos: Long) -> Size: ...


@leader(blocks=True)
def readv(fd: Fd, vec: Out[Vector.result("vlen")], vlen: Size) -> Size: ...


@leader(effect=True, blocks=True)
def writev(fd: Fd, vec: In[Vector("vlen")], vlen: Size) -> Size: ...


@leader(blocks=True)
def preadv(fd: Fd, vec: Out[Vector.result("vlen")], vlen: Size, pos_l: Long, pos_h: Unused) -> Size:
    """The high half of the position means nothing where a register has 64 bits."""


@leader(effect=True, blocks=True)
def pwritev(fd: Fd, vec: In[Vector("vlen")], vlen: Size, pos_l: Long, pos_h: Unused) -> Size: ...


@leader(blocks=True)
def preadv2(
    fd: Fd, vec: Out[Vector.result("vlen")], vlen: Size, pos_l: Long, pos_h: Unused, flags: Hex
) -> Size: ...


@leader(effect=True, blocks=True)
def pwritev2(
    fd: Fd, vec: In[Vector("vlen")], vlen: Size, pos_l: Long, pos_h: Unused, flags: Hex
) -> Size: ...


@leader
def lseek(fd: Fd, offset: Long, whence: Seek) -> Long: ...


@leader(effect=True, blocks=True)
def sendfile(out_fd: Fd, in_fd: Fd, offset: InOut[Int64], count: Size) -> Size: ...


@leader(effect=True, blocks=True)
def splice(
    fd_in: Fd, off_in: InOut[Int64], fd_out: Fd, off_out: InOut[Int64], len: Size, flags: Hex
) -> Size: ...


@leader(effect=True, blocks=True)
def tee(fdin: Fd, fdout: Fd, len: Size, flags: Hex) -> Size: ...


@leader(
    effect=True,
    handler="vmsplice",
    note="the pages are copied, never given away",
    blocks=True,
)
def vmsplice(fd: Fd, iov: In[Vector("nr_segs")], nr_segs: Size, flags: Hex) -> Size: ...


@leader(effect=True, blocks=True)
def copy_file_range(
    fd_in: Fd, off_in: InOut[Int64], fd_out: Fd, off_out: InOut[Int64], len: Size, flags: Hex
) -> Size: ...


@leader(blocks=True)
def fsync(fd: Fd) -> Zero: ...


@leader(blocks=True)
def fdatasync(fd: Fd) -> Zero: ...


@leader(blocks=True)
def sync_file_range(fd: Fd, offset: Long, nbytes: Long, flags: Hex) -> Zero: ...


@leader(blocks=True)
def syncfs(fd: Fd) -> Zero: ...


@leader(blocks=True)
def sync() -> Zero: ...


@leader(effect=True, removes=True)
def ftruncate(fd: Fd, length: Long) -> Zero: ...


@leader(effect=True)
def fallocate(fd: Fd, mode: Hex, offset: Long, len: Long) -> Zero: ...


@leader
def fadvise64(fd: Fd, offset: Long, len: Size, advice: FileAdvice) -> Zero: ...


@leader
def readahead(fd: Fd, offset: Long, count: Size) -> Zero: ...


@leader(blocks=True)
def flock(fd: Fd, cmd: LockOperation) -> Zero:
    """The lock belongs to the leader's open file description."""


@leader
def cachestat(
    fd: Fd,
    cstat_range: In[blob("cachestat_range", 16)],
    cstat: Out[blob("cachestat", 40)],
    flags: Hex,
) -> Zero: ...


@everyone(handler="close")
def close(fd: Fd) -> Zero:
    """The leader closes its file, each follower its placeholder."""


@everyone(handler="close_range")
def close_range(fd: UInt, max_fd: UInt, flags: Hex) -> Zero:
    """The agent's bookkeeping follows; CLOSE_RANGE_UNSHARE affects each variant's own table."""


@everyone(handler="duplicate")
def dup(fildes: Fd) -> Fd: ...


@everyone(handler="duplicate")
def dup2(oldfd: Fd, newfd: Fd) -> Fd: ...


@everyone(handler="duplicate", cloexec=("flags", O_CLOEXEC))
def dup3(oldfd: Fd, newfd: Fd, flags: StatusFlags) -> Fd: ...


@leader(handler="pipe")
def pipe(fildes: Out[Bytes.fixed(8, "fds")]) -> Zero:
    """Both ends are the leader's; followers install placeholders with the same numbers."""


@leader(handler="pipe")
def pipe2(fildes: Out[Bytes.fixed(8, "fds")], flags: StatusFlags) -> Zero: ...


@leader(handler="fcntl")
def fcntl(fd: Fd, cmd: FcntlCommand, arg: Request) -> Long:
    """The table of commands says what the argument is and who executes."""


@leader(handler="ioctl", blocks=True)
def ioctl(fd: Fd, cmd: IoctlRequest, arg: Request) -> Long:
    """The table of requests says what the argument is; others are read by their encoding."""


@leader(cloexec=("flags", O_CLOEXEC))
def eventfd2(count: UInt, flags: StatusFlags) -> Fd: ...


@leader
def eventfd(count: UInt) -> Fd: ...


@everyone(handler="memfd", cloexec=("flags", 1))
def memfd_create(uname: In[String], flags: MemfdFlags) -> Fd:
    """Anonymous memory: it may be mapped shared, so the handler decides what followers hold."""
