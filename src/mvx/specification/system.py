"""The machine: what it is, and the calls that change it."""

from .annotations import Bytes, Hex, In, InOut, Int, Int32, Out, Own, RandomFlags, Size, UInt, Zero
from .declaration import leader
from .structures import sysinfo as sysinfo_buffer
from .structures import utsname

NAME_MAX = 64
"""__NEW_UTS_LEN of linux/utsname.h."""


@leader(loading=True)
def uname(name: Out[utsname]) -> Zero: ...


@leader(loading=True)
def sysinfo(info: Out[sysinfo_buffer]) -> Zero: ...


@leader(loading=True)
def getrandom(ubuf: Out[Bytes.result("len")], len: Size, flags: RandomFlags) -> Size:
    """All variants receive the same random bytes."""


@leader(sensitive=True)
def syslog(type: Int, buf: Out[Bytes.result("len")], len: Int) -> Int: ...


@leader(effect=True, sensitive=True)
def sethostname(name: In[Bytes("len", most=NAME_MAX)], len: Int) -> Zero: ...


@leader(effect=True, sensitive=True)
def setdomainname(name: In[Bytes("len", most=NAME_MAX)], len: Int) -> Zero: ...


@leader(effect=True, sensitive=True)
def reboot(magic1: Hex, magic2: Hex, cmd: Hex, arg: Own) -> Zero: ...


@leader(effect=True, sensitive=True)
def vhangup() -> Zero: ...


@leader(out_on_error=True)
def lsm_get_self_attr(
    attr: UInt, ctx: Out[Bytes.pointed("size")], size: InOut[Int32], flags: Hex
) -> Int:
    """Writes the size it needs when the buffer is too small."""


@leader(out_on_error=True)
def lsm_list_modules(ids: Out[Bytes.pointed("size")], size: InOut[Int32], flags: Hex) -> Int: ...
