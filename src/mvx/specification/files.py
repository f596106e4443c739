"""Files by name: opening, looking up, changing."""

from .annotations import (
    AccessMode,
    AtFlags,
    Bytes,
    DirFd,
    Fd,
    Hex,
    In,
    InOut,
    Int,
    Int64,
    Long,
    Octal,
    OpenFlags,
    OpenMode,
    Out,
    Path,
    RenameFlags,
    Size,
    Uid,
    UInt,
    UnlinkFlags,
    Zero,
)
from .declaration import everyone, leader
from .structures import (
    blob,
    open_how,
    timespecs,
    timevals,
    utimbuf,
)
from .structures import (
    stat as stat_buffer,
)
from .structures import (
    statfs as statfs_buffer,
)
from .structures import (
    statx as statx_buffer,
)

O_CLOEXEC = 0o2000000

file_handle = blob("file_handle", 8)
"""Its first word says how many bytes follow: see handle_inputs in agent/embedded.c."""


@leader(handler="open", cloexec=("flags", O_CLOEXEC), blocks=True, loading=True)
def open(filename: In[Path], flags: OpenFlags, mode: OpenMode) -> Fd:
    """The handler decides: an effect only when it creates, truncates or opens for writing."""


@leader(handler="open", cloexec=("flags", O_CLOEXEC), blocks=True, loading=True)
def openat(dfd: DirFd, filename: In[Path], flags: OpenFlags, mode: OpenMode) -> Fd: ...


@leader(handler="open", blocks=True)
def openat2(dfd: DirFd, filename: In[Path], how: In[open_how], usize: Size) -> Fd: ...


@leader(handler="open", effect=True, blocks=True)
def creat(pathname: In[Path], mode: Octal) -> Fd: ...


@leader(handler="handles")
def name_to_handle_at(
    dfd: DirFd,
    name: In[Path],
    handle: InOut[file_handle],
    mnt_id: Out[Int64],
    flag: AtFlags,
) -> Zero: ...


@leader(handler="handles", effect=True, sensitive=True, cloexec=("flags", O_CLOEXEC), blocks=True)
def open_by_handle_at(mountdirfd: Fd, handle: In[file_handle], flags: OpenFlags) -> Fd:
    """What it opens is the leader's alone."""


@leader(loading=True)
def stat(filename: In[Path], statbuf: Out[stat_buffer]) -> Zero:
    """Inode numbers and times are the leader's."""


@leader(loading=True)
def lstat(filename: In[Path], statbuf: Out[stat_buffer]) -> Zero: ...


@leader
def fstat(fd: Fd, statbuf: Out[stat_buffer]) -> Zero: ...


@leader(loading=True)
def newfstatat(
    dfd: DirFd, filename: In[Path], statbuf: Out[stat_buffer], flag: AtFlags
) -> Zero: ...


@leader(loading=True)
def statx(
    dfd: DirFd, filename: In[Path], flags: AtFlags, mask: Hex, buffer: Out[statx_buffer]
) -> Zero: ...


@leader
def statfs(path: In[Path], buf: Out[statfs_buffer]) -> Zero: ...


@leader
def fstatfs(fd: Fd, buf: Out[statfs_buffer]) -> Zero: ...


@leader
def ustat(dev: UInt, ubuf: Out[blob("ustat", 32)]) -> Zero: ...


@leader(loading=True)
def access(filename: In[Path], mode: AccessMode) -> Zero: ...


@leader(loading=True)
def faccessat(dfd: DirFd, filename: In[Path], mode: AccessMode) -> Zero: ...


@leader(loading=True)
def faccessat2(dfd: DirFd, filename: In[Path], mode: AccessMode, flags: AtFlags) -> Zero: ...


@leader(loading=True)
def readlink(path: In[Path], buf: Out[Bytes.result("bufsiz")], bufsiz: Int) -> Size: ...


@leader(loading=True)
def readlinkat(
    dfd: DirFd, path: In[Path], buf: Out[Bytes.result("bufsiz")], bufsiz: Int
) -> Size: ...


@leader
def getdents(fd: Fd, dirent: Out[Bytes.result("count")], count: UInt) -> Size:
    """The order of the entries is the leader's."""


@leader
def getdents64(fd: Fd, dirent: Out[Bytes.result("count")], count: UInt) -> Size: ...


@leader
def getcwd(buf: Out[Bytes.result("size")], size: Size) -> Size: ...


@everyone(settle=True)
def chdir(filename: In[Path]) -> Zero:
    """Each variant's own open of a mapped file starts from its working directory."""


@everyone(settle=True)
def fchdir(fd: Fd) -> Zero: ...


@everyone(settle=True, sensitive=True)
def chroot(filename: In[Path]) -> Zero: ...


@everyone
def umask(mask: Octal) -> Octal: ...


@leader(effect=True, removes=True)
def truncate(path: In[Path], length: Long) -> Zero: ...


@leader(effect=True, removes=True)
def rename(oldname: In[Path], newname: In[Path]) -> Zero: ...


@leader(effect=True, removes=True)
def renameat(olddfd: DirFd, oldname: In[Path], newdfd: DirFd, newname: In[Path]) -> Zero: ...


@leader(effect=True, removes=True)
def renameat2(
    olddfd: DirFd, oldname: In[Path], newdfd: DirFd, newname: In[Path], flags: RenameFlags
) -> Zero: ...


@leader(effect=True, new_name=True)
def mkdir(pathname: In[Path], mode: Octal) -> Zero: ...


@leader(effect=True, new_name=True)
def mkdirat(dfd: DirFd, pathname: In[Path], mode: Octal) -> Zero: ...


@leader(effect=True, removes=True)
def rmdir(pathname: In[Path]) -> Zero: ...


@leader(effect=True, new_name=True)
def link(oldname: In[Path], newname: In[Path]) -> Zero: ...


@leader(effect=True, new_name=True)
def linkat(
    olddfd: DirFd, oldname: In[Path], newdfd: DirFd, newname: In[Path], flags: AtFlags
) -> Zero: ...


@leader(effect=True, removes=True)
def unlink(pathname: In[Path]) -> Zero: ...


@leader(effect=True, removes=True)
def unlinkat(dfd: DirFd, pathname: In[Path], flag: UnlinkFlags) -> Zero: ...


@leader(effect=True, new_name=True)
def symlink(oldname: In[Path], newname: In[Path]) -> Zero: ...


@leader(effect=True, new_name=True)
def symlinkat(oldname: In[Path], newdfd: DirFd, newname: In[Path]) -> Zero: ...


@leader(effect=True, new_name=True)
def mknod(filename: In[Path], mode: Octal, dev: UInt) -> Zero: ...


@leader(effect=True, new_name=True)
def mknodat(dfd: DirFd, filename: In[Path], mode: Octal, dev: UInt) -> Zero: ...


@leader(effect=True)
def chmod(filename: In[Path], mode: Octal) -> Zero: ...


@leader(effect=True)
def fchmod(fd: Fd, mode: Octal) -> Zero: ...


@leader(effect=True)
def fchmodat(dfd: DirFd, filename: In[Path], mode: Octal) -> Zero: ...


@leader(effect=True)
def fchmodat2(dfd: DirFd, filename: In[Path], mode: Octal, flags: AtFlags) -> Zero: ...


@leader(effect=True)
def chown(filename: In[Path], user: Uid, group: Uid) -> Zero: ...


@leader(effect=True)
def lchown(filename: In[Path], user: Uid, group: Uid) -> Zero: ...


@leader(effect=True)
def fchown(fd: Fd, user: Uid, group: Uid) -> Zero: ...


@leader(effect=True)
def fchownat(dfd: DirFd, filename: In[Path], user: Uid, group: Uid, flag: AtFlags) -> Zero: ...


@leader(effect=True)
def utime(filename: In[Path], times: In[utimbuf]) -> Zero: ...


@leader(effect=True)
def utimes(filename: In[Path], utimes: In[timevals]) -> Zero: ...


@leader(effect=True)
def futimesat(dfd: DirFd, filename: In[Path], utimes: In[timevals]) -> Zero: ...


@leader(effect=True)
def utimensat(dfd: DirFd, filename: In[Path], utimes: In[timespecs], flags: AtFlags) -> Zero: ...
