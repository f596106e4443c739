"""The commands of fcntl (linux/fcntl.h, asm-generic/fcntl.h)."""

from .annotations import Fd, Hex, In, InOut, Int, Int64, Out, Pid, Signal, StatusFlags
from .requests import EVERYONE, Request
from .structures import blob, f_owner_ex, flock

COMMANDS = [
    Request("F_DUPFD", 0, Int, executor=EVERYONE, result=Fd),
    Request("F_GETFD", 1),
    Request("F_SETFD", 2, Hex, executor=EVERYONE),
    Request("F_GETFL", 3),
    Request("F_SETFL", 4, StatusFlags),
    Request("F_GETLK", 5, InOut[flock]),
    Request("F_SETLK", 6, In[flock]),
    Request("F_SETLKW", 7, In[flock]),
    Request("F_SETOWN", 8, Pid, sensitive=True),
    Request("F_GETOWN", 9),
    Request("F_SETSIG", 10, Signal, sensitive=True),
    Request("F_GETSIG", 11),
    Request("F_SETOWN_EX", 15, In[f_owner_ex], sensitive=True),
    Request("F_GETOWN_EX", 16, Out[f_owner_ex]),
    Request("F_GETOWNER_UIDS", 17, Out[blob("uid_t[2]", 8)]),
    Request("F_OFD_GETLK", 36, InOut[flock]),
    Request("F_OFD_SETLK", 37, In[flock]),
    Request("F_OFD_SETLKW", 38, In[flock]),
    Request("F_SETLEASE", 1024, Int),
    Request("F_GETLEASE", 1025),
    Request("F_NOTIFY", 1026, Hex),
    Request("F_DUPFD_QUERY", 1027, Fd),
    Request("F_CREATED_QUERY", 1028),
    Request("F_CANCELLK", 1029, In[flock]),
    Request("F_DUPFD_CLOEXEC", 1030, Int, executor=EVERYONE, result=Fd, cloexec="always"),
    Request("F_SETPIPE_SZ", 1031, Int),
    Request("F_GETPIPE_SZ", 1032),
    Request("F_ADD_SEALS", 1033, Hex),
    Request("F_GET_SEALS", 1034),
    Request("F_GET_RW_HINT", 1035, Out[Int64]),
    Request("F_SET_RW_HINT", 1036, In[Int64]),
    Request("F_GET_FILE_RW_HINT", 1037, Out[Int64]),
    Request("F_SET_FILE_RW_HINT", 1038, In[Int64]),
]
