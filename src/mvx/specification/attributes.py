"""Extended attributes and inode flags of files."""

from errno import ENOSYS

from .annotations import AtFlags, Bytes, DirFd, Fd, Hex, In, Out, Path, Size, String, Zero
from .declaration import leader, refuse

XATTR_MAX = 65536
"""XATTR_SIZE_MAX of linux/limits.h."""
ATTRIBUTES_MAX = 4096
"""A page: what structures of growing size may have at most (linux/fs.h)."""


@leader(effect=True)
def setxattr(
    path: In[Path],
    name: In[String],
    value: In[Bytes("size", most=XATTR_MAX)],
    size: Size,
    flags: Hex,
) -> Zero: ...


@leader(effect=True)
def lsetxattr(
    path: In[Path],
    name: In[String],
    value: In[Bytes("size", most=XATTR_MAX)],
    size: Size,
    flags: Hex,
) -> Zero: ...


@leader(effect=True)
def fsetxattr(
    fd: Fd, name: In[String], value: In[Bytes("size", most=XATTR_MAX)], size: Size, flags: Hex
) -> Zero: ...


@leader
def getxattr(
    path: In[Path], name: In[String], value: Out[Bytes.result("size")], size: Size
) -> Size: ...


@leader
def lgetxattr(
    path: In[Path], name: In[String], value: Out[Bytes.result("size")], size: Size
) -> Size: ...


@leader
def fgetxattr(fd: Fd, name: In[String], value: Out[Bytes.result("size")], size: Size) -> Size: ...


@leader
def listxattr(path: In[Path], list: Out[Bytes.result("size")], size: Size) -> Size: ...


@leader
def llistxattr(path: In[Path], list: Out[Bytes.result("size")], size: Size) -> Size: ...


@leader
def flistxattr(fd: Fd, list: Out[Bytes.result("size")], size: Size) -> Size: ...


@leader
def listxattrat(
    dfd: DirFd, path: In[Path], at_flags: AtFlags, list: Out[Bytes.result("size")], size: Size
) -> Size: ...


@leader(effect=True)
def removexattr(path: In[Path], name: In[String]) -> Zero: ...


@leader(effect=True)
def lremovexattr(path: In[Path], name: In[String]) -> Zero: ...


@leader(effect=True)
def fremovexattr(fd: Fd, name: In[String]) -> Zero: ...


@leader(effect=True)
def removexattrat(dfd: DirFd, path: In[Path], at_flags: AtFlags, name: In[String]) -> Zero: ...


@leader
def file_getattr(
    dfd: DirFd, path: In[Path], ufattr: Out[Bytes("usize")], usize: Size, at_flags: AtFlags
) -> Zero: ...


@leader(effect=True)
def file_setattr(
    dfd: DirFd,
    path: In[Path],
    ufattr: In[Bytes("usize", most=ATTRIBUTES_MAX)],
    usize: Size,
    at_flags: AtFlags,
) -> Zero: ...


refuse(
    ENOSYS,
    "setxattrat getxattrat",
    reason="the value's address is inside a structure; programs use the older calls",
)
