"""The requests of ioctl.

Their numbers are those of asm-generic/ioctls.h (terminals), linux/fs.h (files and block devices),
linux/sockios.h and linux/vm_sockets.h (sockets and interfaces). The direction and size that a newer
number encodes (_IOC) are sometimes wrong (FS_IOC_GETFLAGS says long and means int), so what is
listed here wins. A request that is not listed is read by its encoding.
"""

from errno import EINVAL, EOPNOTSUPP, EPERM

from .annotations import Bytes, Fd, In, InOut, Int, Int32, Int64, Long, OpenFlags, Out, Own
from .requests import EVERYONE, Request
from .structures import Structure, blob, i32, i64, octets, own, u16, u64, x32

termios = Structure(
    "termios", c_iflag=x32, c_oflag=x32, c_cflag=x32, c_lflag=x32, c_line=octets(1), c_cc=octets(19)
)
termios2 = Structure(
    "termios2",
    c_iflag=x32,
    c_oflag=x32,
    c_cflag=x32,
    c_lflag=x32,
    c_line=octets(1),
    c_cc=octets(19),
    c_ispeed=i32,
    c_ospeed=i32,
)
termio = Structure(
    "termio", c_iflag=u16, c_oflag=u16, c_cflag=u16, c_lflag=u16, c_line=octets(1), c_cc=octets(8)
)
winsize = Structure("winsize", ws_row=u16, ws_col=u16, ws_xpixel=u16, ws_ypixel=u16)
range_ = Structure("uint64_t[2]", start=u64, length=u64)
clone_range = Structure(
    "file_clone_range", src_fd=i64, src_offset=u64, src_length=u64, dest_offset=u64
)
interface = Structure("ifreq", ifr_name=octets(16, "string"), ifr_value=own(octets(24)))
interface_index = Structure(
    "ifreq", ifr_name=own(octets(16, "string")), ifr_ifindex=i32, ifr_rest=own(octets(20))
)


def interface_with(size: int) -> Structure:
    """An ifreq of whose value only the first `size` bytes are set."""
    return Structure("ifreq", ifr_name=octets(16, "string"), ifr_value=octets(size), size=40)


Int16, Int8 = Bytes.fixed(2, "int"), Bytes.fixed(1, "int")

TERMINAL = [
    Request("TCGETS", 0x5401, Out[termios]),
    Request("TCSETS", 0x5402, In[termios], effect=True),
    Request("TCSETSW", 0x5403, In[termios], effect=True),
    Request("TCSETSF", 0x5404, In[termios], effect=True),
    Request("TCGETA", 0x5405, Out[termio]),
    Request("TCSETA", 0x5406, In[termio], effect=True),
    Request("TCSETAW", 0x5407, In[termio], effect=True),
    Request("TCSETAF", 0x5408, In[termio], effect=True),
    Request("TCSBRK", 0x5409, Int, effect=True),
    Request("TCXONC", 0x540A, Int, effect=True),
    Request("TCFLSH", 0x540B, Int, effect=True),
    Request("TIOCEXCL", 0x540C),
    Request("TIOCNXCL", 0x540D),
    Request("TIOCSCTTY", 0x540E, Int, effect=True, sensitive=True),
    Request("TIOCGPGRP", 0x540F, Out[Int32]),
    Request("TIOCSPGRP", 0x5410, In[Int32], effect=True, sensitive=True),
    Request("TIOCOUTQ", 0x5411, Out[Int32]),
    Request("TIOCSTI", 0x5412, In[Int8], effect=True, sensitive=True),
    Request("TIOCGWINSZ", 0x5413, Out[winsize]),
    Request("TIOCSWINSZ", 0x5414, In[winsize], effect=True),
    Request("TIOCMGET", 0x5415, Out[Int32]),
    Request("TIOCMBIS", 0x5416, In[Int32], effect=True),
    Request("TIOCMBIC", 0x5417, In[Int32], effect=True),
    Request("TIOCMSET", 0x5418, In[Int32], effect=True),
    Request("TIOCGSOFTCAR", 0x5419, Out[Int32]),
    Request("TIOCSSOFTCAR", 0x541A, In[Int32], effect=True),
    Request("FIONREAD", 0x541B, Out[Int32]),
    Request(
        "TIOCLINUX",
        0x541C,
        refusal=EINVAL,
        note="the first byte of the argument decides what the rest is",
    ),
    Request("TIOCCONS", 0x541D, effect=True, sensitive=True),
    Request("TIOCGSERIAL", 0x541E, Out[blob("serial_struct", 72)]),
    Request("TIOCSSERIAL", 0x541F, refusal=EPERM, note="the structure holds an address"),
    Request("TIOCPKT", 0x5420, In[Int32]),
    Request("FIONBIO", 0x5421, In[Int32]),
    Request("TIOCNOTTY", 0x5422, effect=True, sensitive=True),
    Request("TIOCSETD", 0x5423, In[Int32], effect=True),
    Request("TIOCGETD", 0x5424, Out[Int32]),
    Request("TCSBRKP", 0x5425, Int, effect=True),
    Request("TIOCSBRK", 0x5427, effect=True),
    Request("TIOCCBRK", 0x5428, effect=True),
    Request("TIOCGSID", 0x5429, Out[Int32]),
    Request("TCGETS2", 0x802C542A, Out[termios2]),
    Request("TCSETS2", 0x402C542B, In[termios2], effect=True),
    Request("TCSETSW2", 0x402C542C, In[termios2], effect=True),
    Request("TCSETSF2", 0x402C542D, In[termios2], effect=True),
    Request("TIOCGRS485", 0x542E, Out[blob("serial_rs485", 32)]),
    Request("TIOCSRS485", 0x542F, InOut[blob("serial_rs485", 32)], effect=True),
    Request("TIOCGPTN", 0x80045430, Out[Int32]),
    Request("TIOCSPTLCK", 0x40045431, In[Int32]),
    Request("TIOCGDEV", 0x80045432, Out[Int32]),
    Request("TIOCSIG", 0x40045436, Int, effect=True, sensitive=True),
    Request("TIOCVHANGUP", 0x5437, effect=True, sensitive=True),
    Request("TIOCGPKT", 0x80045438, Out[Int32]),
    Request("TIOCGPTLCK", 0x80045439, Out[Int32]),
    Request("TIOCGEXCL", 0x80045440, Out[Int32]),
    Request("TIOCGPTPEER", 0x5441, OpenFlags, result=Fd, cloexec="flag"),
    Request("TIOCSERGETLSR", 0x5459, Out[Int32]),
    Request("TIOCMIWAIT", 0x545C, Int),
    Request("TIOCGICOUNT", 0x545D, Out[blob("serial_icounter_struct", 80)]),
]

CONSOLE = [
    Request("KDGETLED", 0x4B31, Out[Int8]),
    Request("KDSETLED", 0x4B32, Int, effect=True),
    Request("KDGKBTYPE", 0x4B33, Out[Int8]),
    Request("KDSETMODE", 0x4B3A, Int, effect=True),
    Request("KDGETMODE", 0x4B3B, Out[Int32]),
    Request("KDGKBMODE", 0x4B44, Out[Int32]),
    Request("KDSKBMODE", 0x4B45, Int, effect=True),
    Request("VT_OPENQRY", 0x5600, Out[Int32]),
    Request("VT_GETMODE", 0x5601, Out[blob("vt_mode", 8)]),
    Request("VT_SETMODE", 0x5602, In[blob("vt_mode", 8)], effect=True),
    Request("VT_GETSTATE", 0x5603, Out[blob("vt_stat", 6)]),
    Request("VT_ACTIVATE", 0x5606, Int, effect=True),
    Request("VT_WAITACTIVE", 0x5607, Int),
]

FILES = [
    Request("FIBMAP", 0x1, InOut[Int32]),
    Request("FIGETBSZ", 0x2, Out[Int32]),
    Request("FIONCLEX", 0x5450, executor=EVERYONE),
    Request("FIOCLEX", 0x5451, executor=EVERYONE),
    Request("FIOASYNC", 0x5452, In[Int32], sensitive=True),
    Request("FIOQSIZE", 0x5460, Out[Int64]),
    Request("FICLONE", 0x40049409, Fd, effect=True),
    Request("FICLONERANGE", 0x4020940D, In[clone_range], effect=True),
    Request(
        "FIDEDUPERANGE", 0xC0189436, refusal=EOPNOTSUPP, note="the structure's length is inside it"
    ),
    Request("FS_IOC_FIEMAP", 0xC020660B, Own),
    Request("FS_IOC_GETFLAGS", 0x80086601, Out[Int32]),
    Request("FS_IOC_SETFLAGS", 0x40086602, In[Int32], effect=True),
    Request("FS_IOC_GETVERSION", 0x80087601, Out[Int32]),
    Request("FS_IOC_SETVERSION", 0x40087602, In[Int32], effect=True),
    Request("FS_IOC_FSGETXATTR", 0x801C581F, Out[blob("fsxattr", 28)]),
    Request("FS_IOC_FSSETXATTR", 0x401C5820, In[blob("fsxattr", 28)], effect=True),
    Request("FIFREEZE", 0xC0045877, effect=True, sensitive=True),
    Request("FITHAW", 0xC0045878, effect=True, sensitive=True),
    Request("FITRIM", 0xC0185879, InOut[blob("fstrim_range", 24)], effect=True, sensitive=True),
    Request("NS_GET_USERNS", 0xB701, result=Fd, cloexec="always"),
    Request("NS_GET_PARENT", 0xB702, result=Fd, cloexec="always"),
    Request("NS_GET_NSTYPE", 0xB703),
    Request("NS_GET_OWNER_UID", 0xB704, Out[Int32]),
    Request("RNDADDENTROPY", 0x40085203, refusal=EPERM, note="the structure's length is inside it"),
]

BLOCK_DEVICES = [
    Request("BLKROSET", 0x125D, In[Int32], effect=True, sensitive=True),
    Request("BLKROGET", 0x125E, Out[Int32]),
    Request("BLKRRPART", 0x125F, effect=True, sensitive=True),
    Request("BLKGETSIZE", 0x1260, Out[Int64]),
    Request("BLKFLSBUF", 0x1261, effect=True),
    Request("BLKRASET", 0x1262, Long, effect=True),
    Request("BLKRAGET", 0x1263, Out[Int64]),
    Request("BLKFRASET", 0x1264, Long, effect=True),
    Request("BLKFRAGET", 0x1265, Out[Int64]),
    Request("BLKSECTGET", 0x1267, Out[Int16]),
    Request("BLKSSZGET", 0x1268, Out[Int32]),
    Request("BLKPG", 0x1269, refusal=EPERM, note="the structure holds an address"),
    Request("BLKBSZGET", 0x80081270, Out[Int32]),
    Request("BLKBSZSET", 0x40081271, In[Int32], effect=True),
    Request("BLKGETSIZE64", 0x80081272, Out[Int64]),
    Request("BLKDISCARD", 0x1277, In[range_], effect=True, sensitive=True),
    Request("BLKIOMIN", 0x1278, Out[Int32]),
    Request("BLKIOOPT", 0x1279, Out[Int32]),
    Request("BLKALIGNOFF", 0x127A, Out[Int32]),
    Request("BLKPBSZGET", 0x127B, Out[Int32]),
    Request("BLKDISCARDZEROES", 0x127C, Out[Int32]),
    Request("BLKSECDISCARD", 0x127D, In[range_], effect=True, sensitive=True),
    Request("BLKROTATIONAL", 0x127E, Out[Int16]),
    Request("BLKZEROOUT", 0x127F, In[range_], effect=True, sensitive=True),
    Request("BLKGETDISKSEQ", 0x80081280, Out[Int64]),
    Request("LOOP_SET_FD", 0x4C00, Fd, effect=True, sensitive=True),
    Request("LOOP_CLR_FD", 0x4C01, effect=True, sensitive=True),
    Request("LOOP_SET_STATUS64", 0x4C04, In[blob("loop_info64", 232)], effect=True, sensitive=True),
    Request("LOOP_GET_STATUS64", 0x4C05, Out[blob("loop_info64", 232)]),
    Request("LOOP_SET_CAPACITY", 0x4C07, effect=True, sensitive=True),
    Request("LOOP_CONFIGURE", 0x4C0A, In[blob("loop_config", 304)], effect=True, sensitive=True),
    Request("LOOP_CTL_GET_FREE", 0x4C82),
    Request("SG_IO", 0x2285, refusal=EPERM, note="the structure holds addresses"),
]

SOCKETS = [
    Request("IOCTL_VM_SOCKETS_GET_LOCAL_CID", 0x7B9, Out[Int32]),
    Request("FIOSETOWN", 0x8901, In[Int32], sensitive=True),
    Request("SIOCSPGRP", 0x8902, In[Int32], sensitive=True),
    Request("FIOGETOWN", 0x8903, Out[Int32]),
    Request("SIOCGPGRP", 0x8904, Out[Int32]),
    Request("SIOCATMARK", 0x8905, Out[Int32]),
    Request("SIOCGSTAMP", 0x8906, Out[blob("timeval", 16)]),
    Request("SIOCGSTAMPNS", 0x8907, Out[blob("timespec", 16)]),
    Request("SIOCGSTAMP_NEW", 0x80108906, Out[blob("timeval", 16)]),
    Request("SIOCGSTAMPNS_NEW", 0x80108907, Out[blob("timespec", 16)]),
    Request("SIOCADDRT", 0x890B, refusal=EPERM, note="the structure holds an address"),
    Request("SIOCDELRT", 0x890C, refusal=EPERM, note="the structure holds an address"),
    Request("SIOCGIFCONF", 0x8912, Own),
    Request("SIOCETHTOOL", 0x8946, refusal=EOPNOTSUPP, note="the structure holds an address"),
    Request("SIOCOUTQNSD", 0x894B, Out[Int32]),
    Request("SIOCDARP", 0x8953, In[blob("arpreq", 68)], effect=True, sensitive=True),
    Request("SIOCGARP", 0x8954, InOut[blob("arpreq", 68)]),
    Request("SIOCSARP", 0x8955, In[blob("arpreq", 68)], effect=True, sensitive=True),
    Request("SIOCGIFNAME", 0x8910, InOut[interface_index]),
    Request("TUNSETIFF", 0x400454CA, InOut[interface_with(2)], effect=True, sensitive=True),
    Request("TUNSETPERSIST", 0x400454CB, Long, effect=True, sensitive=True),
    Request("TUNSETOWNER", 0x400454CC, Long, effect=True, sensitive=True),
    Request("TUNSETGROUP", 0x400454CE, Long, effect=True, sensitive=True),
    Request("TUNGETIFF", 0x800454D2, Out[interface]),
]

_ASKED = (
    "FLAGS:8913 ADDR:8915 DSTADDR:8917 BRDADDR:8919 NETMASK:891b METRIC:891d MEM:891f MTU:8921 "
    "HWADDR:8927 SLAVE:8929 INDEX:8933 PFLAGS:8935 TXQLEN:8942 MAP:8970"
)
_SET = (
    "FLAGS:8914:2 ADDR:8916:16 DSTADDR:8918:16 BRDADDR:891a:16 NETMASK:891c:16 "
    "METRIC:891e:4 MEM:8920:4 MTU:8922:4 NAME:8923:16 HWADDR:8924:16 "
    "SLAVE:8930:16 PFLAGS:8934:2 TXQLEN:8943:4 MAP:8971:22"
)


def _interfaces() -> list[Request]:
    requests = []
    for word in _ASKED.split():
        name, number = word.split(":")
        requests.append(Request(f"SIOCGIF{name}", int(number, 16), InOut[interface]))
    for word in _SET.split():
        name, number, size = word.split(":")
        value = In[interface_with(int(size))]
        requests.append(
            Request(f"SIOCSIF{name}", int(number, 16), value, effect=True, sensitive=True)
        )
    return requests


REQUESTS = TERMINAL + CONSOLE + FILES + BLOCK_DEVICES + SOCKETS + _interfaces()
