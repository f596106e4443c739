"""Mounts and filesystems, executed by the leader.

Followers see them as far as their mount namespace receives them.
"""

from errno import ENOSYS

from .annotations import (
    Bytes,
    DirFd,
    Fd,
    Flags,
    Hex,
    In,
    Int,
    OpenFlags,
    Out,
    Path,
    Size,
    String,
    UInt,
    Zero,
)
from .declaration import leader, refuse
from .structures import blob

ATTRIBUTES_MAX = 4096
"""A page: what structures of growing size may have at most (fs/namespace.c)."""
O_CLOEXEC = 0o2000000
FSOPEN_CLOEXEC = FSMOUNT_CLOEXEC = FSPICK_CLOEXEC = 1
UNSEEN = "files that followers map from a new mount may not be there for them"


@leader(
    effect=True,
    sensitive=True,
    note="the data must be a string, as it is for all filesystems but NFS",
)
def mount(
    dev_name: In[Path], dir_name: In[Path], type: In[String], flags: Flags, data: In[String]
) -> Zero: ...


@leader(effect=True, sensitive=True, note=UNSEEN)
def umount2(name: In[Path], flags: Hex) -> Zero: ...


@leader(sensitive=True, cloexec=("flags", O_CLOEXEC), note=UNSEEN)
def open_tree(dfd: DirFd, filename: In[Path], flags: OpenFlags) -> Fd: ...


@leader(effect=True, sensitive=True, cloexec=("flags", O_CLOEXEC), note=UNSEEN)
def open_tree_attr(
    dfd: DirFd,
    filename: In[Path],
    flags: OpenFlags,
    uattr: In[Bytes("usize", most=ATTRIBUTES_MAX)],
    usize: Size,
) -> Fd: ...


@leader(effect=True, sensitive=True, note=UNSEEN)
def move_mount(
    from_dfd: DirFd, from_pathname: In[Path], to_dfd: DirFd, to_pathname: In[Path], flags: Hex
) -> Zero: ...


@leader(sensitive=True, cloexec=("flags", FSOPEN_CLOEXEC), note=UNSEEN)
def fsopen(_fs_name: In[String], flags: Hex) -> Fd: ...


@leader(
    effect=True,
    sensitive=True,
    note="only values that are strings or descriptors, not FSCONFIG_SET_BINARY",
)
def fsconfig(fd: Fd, cmd: UInt, _key: In[String], _value: In[String], aux: Int) -> Zero: ...


@leader(sensitive=True, cloexec=("flags", FSMOUNT_CLOEXEC), note=UNSEEN)
def fsmount(fs_fd: Fd, flags: Hex, attr_flags: Hex) -> Fd: ...


@leader(sensitive=True, cloexec=("flags", FSPICK_CLOEXEC), note=UNSEEN)
def fspick(dfd: DirFd, path: In[Path], flags: Hex) -> Fd: ...


@leader(effect=True, sensitive=True, note=UNSEEN)
def mount_setattr(
    dfd: DirFd,
    path: In[Path],
    flags: Hex,
    uattr: In[Bytes("usize", most=ATTRIBUTES_MAX)],
    usize: Size,
) -> Zero: ...


@leader
def statmount(
    req: In[blob("mnt_id_req", 24)], buf: Out[Bytes("bufsize")], bufsize: Size, flags: Hex
) -> Zero: ...


@leader
def listmount(
    req: In[blob("mnt_id_req", 24)],
    mnt_ids: Out[Bytes.result("nr_mnt_ids", 8)],
    nr_mnt_ids: Size,
    flags: Hex,
) -> Size: ...


@leader
def listns(
    req: In[blob("ns_id_req", 32)],
    ns_ids: Out[Bytes.result("nr_ns_ids", 8)],
    nr_ns_ids: Size,
    flags: Hex,
) -> Size: ...


@leader(effect=True, sensitive=True)
def pivot_root(new_root: In[Path], put_old: In[Path]) -> Zero:
    """The kernel moves whoever stands at the old root, so followers in the same mount namespace,
    too.
    """


@leader(effect=True, sensitive=True)
def acct(name: In[Path]) -> Zero: ...


@leader(effect=True, sensitive=True)
def swapon(specialfile: In[Path], swap_flags: Hex) -> Zero: ...


@leader(effect=True, sensitive=True)
def swapoff(specialfile: In[Path]) -> Zero: ...


refuse(
    ENOSYS,
    "quotactl quotactl_fd",
    reason="what the address points to depends on command and quota format",
)
