"""Sockets: all of them are the leader's; followers hold placeholders."""

from .annotations import (
    Bytes,
    Family,
    Fd,
    In,
    InOut,
    Int,
    Int32,
    Level,
    MessageFlags,
    Out,
    Shutdown,
    Size,
    SocketAddress,
    SocketOption,
    SocketType,
    UInt,
    Zero,
)
from .declaration import leader
from .structures import mmsghdr, msghdr, timespec

INT_MAX = 0x7FFFFFFF
SOCK_CLOEXEC = 0o2000000


@leader(cloexec=("type", SOCK_CLOEXEC))
def socket(family: Family, type: SocketType, protocol: Int) -> Fd: ...


@leader(handler="pipe")
def socketpair(
    family: Family, type: SocketType, protocol: Int, usockvec: Out[Bytes.fixed(8, "fds")]
) -> Zero: ...


@leader(effect=True)
def bind(fd: Fd, umyaddr: In[SocketAddress("addrlen")], addrlen: Int) -> Zero: ...


@leader(effect=True)
def listen(fd: Fd, backlog: Int) -> Zero: ...


@leader(effect=True, blocks=True)
def connect(fd: Fd, uservaddr: In[SocketAddress("addrlen")], addrlen: Int) -> Zero: ...


@leader(blocks=True)
def accept(
    fd: Fd,
    upeer_sockaddr: Out[Bytes.pointed("upeer_addrlen", "socket_address")],
    upeer_addrlen: InOut[Int32],
) -> Fd: ...


@leader(cloexec=("flags", SOCK_CLOEXEC), blocks=True)
def accept4(
    fd: Fd,
    upeer_sockaddr: Out[Bytes.pointed("upeer_addrlen", "socket_address")],
    upeer_addrlen: InOut[Int32],
    flags: SocketType,
) -> Fd: ...


@leader
def getsockname(
    fd: Fd,
    usockaddr: Out[Bytes.pointed("usockaddr_len", "socket_address")],
    usockaddr_len: InOut[Int32],
) -> Zero: ...


@leader
def getpeername(
    fd: Fd,
    usockaddr: Out[Bytes.pointed("usockaddr_len", "socket_address")],
    usockaddr_len: InOut[Int32],
) -> Zero: ...


@leader(effect=True, blocks=True)
def sendto(
    fd: Fd,
    buff: In[Bytes("len")],
    len: Size,
    flags: MessageFlags,
    addr: In[SocketAddress("addr_len")],
    addr_len: Int,
) -> Size: ...


@leader(blocks=True)
def recvfrom(
    fd: Fd,
    ubuf: Out[Bytes.result("size")],
    size: Size,
    flags: MessageFlags,
    addr: Out[Bytes.pointed("addr_len", "socket_address")],
    addr_len: InOut[Int32],
) -> Size: ...


@leader(effect=True, handler="send_message", blocks=True)
def sendmsg(fd: Fd, msg: In[msghdr], flags: MessageFlags) -> Size:
    """Name, vector and control data are followed; passed descriptors keep their kind."""


@leader(handler="receive_message", blocks=True)
def recvmsg(fd: Fd, msg: InOut[msghdr], flags: MessageFlags) -> Size:
    """Descriptors that arrive get placeholders with the same numbers."""


@leader(effect=True, handler="send_messages", blocks=True)
def sendmmsg(fd: Fd, mmsg: In[mmsghdr], vlen: UInt, flags: MessageFlags) -> Int: ...


@leader(handler="receive_messages", out_on_error=True, blocks=True)
def recvmmsg(
    fd: Fd, mmsg: InOut[mmsghdr], vlen: UInt, flags: MessageFlags, timeout: InOut[timespec]
) -> Int: ...


@leader(effect=True)
def shutdown(fd: Fd, how: Shutdown) -> Zero: ...


@leader(note="options that contain addresses (netfilter) differ between variants")
def setsockopt(
    fd: Fd,
    level: Level,
    optname: SocketOption,
    optval: In[Bytes("optlen", most=INT_MAX)],
    optlen: Int,
) -> Zero: ...


@leader(note="TCP_ZEROCOPY_RECEIVE names memory of the caller")
def getsockopt(
    fd: Fd,
    level: Level,
    optname: SocketOption,
    optval: Out[Bytes.pointed("optlen")],
    optlen: InOut[Int32],
) -> Zero: ...
