"""Memory management: each variant's own business, neither compared nor ordered."""

from .annotations import (
    Address,
    Advice,
    Fd,
    Flags,
    Hex,
    Int,
    Long,
    MapFlags,
    MemoryPolicy,
    Out,
    Own,
    PerPage,
    Protection,
    RemapFlags,
    Size,
    SyncFlags,
    Zero,
)
from .declaration import leader, local


@local(handler="mmap")
def mmap(addr: Address, len: Size, prot: Protection, flags: MapFlags, fd: Fd, off: Long) -> Address:
    """A mapped file is each variant's own open of it. A file mapped shared is compared, and mapped
    by the leader alone: followers map copies.
    """


@local
def munmap(addr: Address, len: Size) -> Zero: ...


@local(sensitive=True)
def mprotect(start: Address, len: Size, prot: Protection) -> Zero:
    """Verified, since it could make memory executable or the agent's memory writable."""


@local(sensitive=True)
def pkey_mprotect(start: Address, len: Size, prot: Protection, pkey: Int) -> Zero: ...


@local(sensitive=True)
def mremap(
    addr: Address, old_len: Size, new_len: Size, flags: RemapFlags, new_addr: Address
) -> Address: ...


@local
def brk(brk: Address) -> Address: ...


@local
def madvise(start: Address, len: Size, advice: Advice) -> Zero: ...


@leader
def mincore(start: Address, len: Size, vec: Out[PerPage("len")]) -> Zero:
    """The leader's answer: of a file that is mapped shared, followers have copies."""


@local(note="in followers it concerns a copy of the file")
def msync(start: Address, len: Size, flags: SyncFlags) -> Zero: ...


@local
def mlock(start: Address, len: Size) -> Zero: ...


@local
def mlock2(start: Address, len: Size, flags: Hex) -> Zero: ...


@local
def munlock(start: Address, len: Size) -> Zero: ...


@local
def mlockall(flags: Hex) -> Zero: ...


@local
def munlockall() -> Zero: ...


@local
def pkey_alloc(flags: Flags, init_val: Flags) -> Int: ...


@local
def pkey_free(pkey: Int) -> Zero: ...


@local(sensitive=True)
def mseal(start: Address, len: Size, flags: Flags) -> Zero: ...


@local(sensitive=True)
def remap_file_pages(
    start: Address, size: Size, prot: Protection, pgoff: Size, flags: MapFlags
) -> Zero: ...


@local
def mbind(
    start: Address, len: Size, mode: MemoryPolicy, nmask: Own, maxnode: Size, flags: Hex
) -> Zero: ...


@local
def set_mempolicy(mode: MemoryPolicy, nmask: Own, maxnode: Size) -> Zero: ...


@local
def get_mempolicy(policy: Own, nmask: Own, maxnode: Size, addr: Address, flags: Flags) -> Zero: ...


@local
def set_mempolicy_home_node(start: Address, len: Size, home_node: Size, flags: Flags) -> Zero: ...


@local(note="each variant moves its own pages")
def migrate_pages(pid: Int, maxnode: Size, old_nodes: Own, new_nodes: Own) -> Int: ...


@local(note="each variant moves its own pages")
def move_pages(
    pid: Int, nr_pages: Size, pages: Own, nodes: Own, status: Own, flags: Hex
) -> Int: ...


@local(
    sensitive=True,
    note="each variant advises its own memory; another process's is refused by the supervisor",
)
def process_madvise(pidfd: Int, vec: Own, vlen: Size, behavior: Advice, flags: Hex) -> Size: ...


@local
def membarrier(cmd: Int, flags: Hex, cpu_id: Int) -> Int: ...
