"""Keys that the kernel keeps (keyrings(7), linux/keyctl.h).

Keyrings are named by serial numbers or by what the calling process has; the leader's processes have
them, and inherit them from each other. An operation that is not listed is refused with EOPNOTSUPP,
as by a kernel that is configured without it.
"""

from errno import EOPNOTSUPP

from .annotations import (
    Bytes,
    Gid,
    Hex,
    In,
    Int,
    KeyOperation,
    Octal,
    Out,
    Size,
    String,
    Uid,
    Vector,
)
from .annotations import Request as Argument
from .declaration import leader
from .requests import Request

_PAYLOAD_MAX = 1 << 20
"""More is refused before anybody looks at it (security/keys/keyctl.c: 1 MiB - 1)."""
_NO_MATHEMATICS = "as a kernel without CONFIG_KEY_DH_OPERATIONS or asymmetric keys"


@leader(effect=True, sensitive=True)
def add_key(
    type: In[String],
    description: In[String],
    payload: In[Bytes("plen", most=_PAYLOAD_MAX - 1)],
    plen: Size,
    ringid: Int,
) -> Int: ...


@leader(effect=True, sensitive=True, blocks=True)
def request_key(
    type: In[String], description: In[String], callout_info: In[String], destringid: Int
) -> Int:
    """The kernel may run `/sbin/request-key`, outside of the run."""


@leader(handler="option", effect=True, sensitive=True)
def keyctl(
    option: KeyOperation, arg2: Argument, arg3: Argument, arg4: Argument, arg5: Argument
) -> Int:
    """The table of operations says what the arguments are."""


_Payload = In[Bytes("arg4", most=_PAYLOAD_MAX - 1)]

OPERATIONS = [
    Request("KEYCTL_GET_KEYRING_ID", 0, Int, Int),
    Request("KEYCTL_JOIN_SESSION_KEYRING", 1, In[String]),
    Request("KEYCTL_UPDATE", 2, Int, _Payload, Size),
    Request("KEYCTL_REVOKE", 3, Int),
    Request("KEYCTL_CHOWN", 4, Int, Uid, Gid),
    Request("KEYCTL_SETPERM", 5, Int, Hex),
    Request("KEYCTL_DESCRIBE", 6, Int, Out[Bytes.result("arg4", text="string")], Size),
    Request("KEYCTL_CLEAR", 7, Int),
    Request("KEYCTL_LINK", 8, Int, Int),
    Request("KEYCTL_UNLINK", 9, Int, Int),
    Request("KEYCTL_SEARCH", 10, Int, In[String], In[String], Int),
    Request("KEYCTL_READ", 11, Int, Out[Bytes.result("arg4")], Size),
    Request("KEYCTL_INSTANTIATE", 12, Int, _Payload, Size, Int),
    Request("KEYCTL_NEGATE", 13, Int, Int, Int),
    Request("KEYCTL_SET_REQKEY_KEYRING", 14, Int),
    Request("KEYCTL_SET_TIMEOUT", 15, Int, Int),
    Request("KEYCTL_ASSUME_AUTHORITY", 16, Int),
    Request("KEYCTL_GET_SECURITY", 17, Int, Out[Bytes.result("arg4", text="string")], Size),
    Request("KEYCTL_SESSION_TO_PARENT", 18),
    Request("KEYCTL_REJECT", 19, Int, Int, Int, Int),
    Request("KEYCTL_INSTANTIATE_IOV", 20, Int, In[Vector("arg4")], Int, Int),
    Request("KEYCTL_INVALIDATE", 21, Int),
    Request("KEYCTL_GET_PERSISTENT", 22, Uid, Int),
    *(
        Request(name, number, refusal=EOPNOTSUPP, note=_NO_MATHEMATICS)
        for name, number in (
            ("KEYCTL_DH_COMPUTE", 23),
            ("KEYCTL_PKEY_QUERY", 24),
            ("KEYCTL_PKEY_ENCRYPT", 25),
            ("KEYCTL_PKEY_DECRYPT", 26),
            ("KEYCTL_PKEY_SIGN", 27),
            ("KEYCTL_PKEY_VERIFY", 28),
        )
    ),
    Request("KEYCTL_RESTRICT_KEYRING", 29, Int, In[String], In[String]),
    Request("KEYCTL_MOVE", 30, Int, Int, Int, Octal),
    Request("KEYCTL_CAPABILITIES", 31, Out[Bytes("arg3")], Size),
    Request(
        "KEYCTL_WATCH_KEY", 32, refusal=EOPNOTSUPP, note="as a kernel without CONFIG_WATCH_QUEUE"
    ),
]
