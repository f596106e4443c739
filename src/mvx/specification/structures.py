"""The structures that calls take and give, with the holes and addresses that must not be compared.

A structure is declared like its C original: members in order, natural alignment. Padding belongs to
no member and is never compared; a :data:`pointer` is compared by null-ness; an :func:`own` member
is the variant's own value. Sizes are those of the x86-64 kernel ABI (asm/stat.h,
asm-generic/termbits.h, linux/*.h), not of the C library.
"""

from __future__ import annotations

from .vocabulary import Field


class Member:
    """A member's type: its size and alignment in bytes, how it is compared and written."""

    __slots__ = ("alignment", "comparison", "size", "text")

    def __init__(self, size: int, text: str, comparison: str = "value", alignment: int = 0) -> None:
        self.size = size
        self.text = text
        self.comparison = comparison
        self.alignment = alignment or min(size, 8)


def own(member: Member) -> Member:
    """The same member, not compared: what it holds is each variant's own, or an output."""
    return Member(member.size, member.text, "own", member.alignment)


def shown(member: Member, text: str) -> Member:
    """The same member, written another way."""
    return Member(member.size, text, member.comparison, member.alignment)


def octets(size: int, text: str = "bytes") -> Member:
    """An array of bytes."""
    return Member(size, text, "value", 1)


i16, u16, i32, u32 = (
    Member(2, "int"),
    Member(2, "unsigned"),
    Member(4, "int"),
    Member(4, "unsigned"),
)
i64, u64 = Member(8, "int"), Member(8, "unsigned")
x32, x64 = Member(4, "hex"), Member(8, "hex")
pointer = Member(8, "pointer", "address")
descriptor = Member(4, "fd")


class Structure:
    """A structure of the kernel's ABI: its name, its members with offsets, its size in bytes."""

    __slots__ = ("members", "name", "size")

    def __init__(
        self, name: str, *, packed: bool = False, size: int = 0, **members: Member
    ) -> None:
        self.name = name
        self.members: list[tuple[str, int, Member]] = []
        offset, largest = 0, 1
        for member_name, member in members.items():
            alignment = 1 if packed else member.alignment
            offset = -(-offset // alignment) * alignment
            self.members.append((member_name.rstrip("_"), offset, member))
            offset += member.size
            largest = max(largest, alignment)
        self.size = size or -(-offset // largest) * largest
        if self.size < offset:
            raise ValueError(
                f"struct {name} has {offset} bytes of members and a size of {self.size}"
            )

    @property
    def layout(self) -> tuple[Field, ...]:
        """The compared fields; empty when every byte is compared."""
        fields: list[Field] = []
        for _, offset, member in self.members:
            if member.comparison == "address":
                fields.append(Field(offset, member.size, address=True))
            elif member.comparison == "value":
                last = fields[-1] if fields else None
                if last and not last.address and last.offset + last.size == offset:
                    fields[-1] = Field(last.offset, last.size + member.size)
                else:
                    fields.append(Field(offset, member.size))
        return () if fields == [Field(0, self.size)] or not self.members else tuple(fields)


def blob(name: str, size: int) -> Structure:
    """A structure without holes, or one that is only written: all its bytes travel."""
    return Structure(name, size=size)


# Time
timespec = Structure("timespec", tv_sec=i64, tv_nsec=i64)
timeval = Structure("timeval", tv_sec=i64, tv_usec=i64)
timespecs = Structure("timespec[2]", atime_sec=i64, atime_nsec=i64, mtime_sec=i64, mtime_nsec=i64)
timevals = Structure("timeval[2]", atime_sec=i64, atime_usec=i64, mtime_sec=i64, mtime_usec=i64)
timezone = Structure("timezone", tz_minuteswest=i32, tz_dsttime=i32)
utimbuf = Structure("utimbuf", actime=i64, modtime=i64)
itimerval = Structure(
    "itimerval", interval_sec=i64, interval_usec=i64, value_sec=i64, value_usec=i64
)
itimerspec = Structure(
    "itimerspec", interval_sec=i64, interval_nsec=i64, value_sec=i64, value_nsec=i64
)
timex = Structure("timex", modes=x32, size=208)
tms = blob("tms", 32)

# Files
stat = blob("stat", 144)
statx = blob("statx", 256)
statfs = blob("statfs", 120)
open_how = Structure(
    "open_how", flags=shown(x64, "open_flags"), mode=shown(u64, "octal"), resolve=x64
)
flock = Structure(
    "flock",
    l_type=shown(i16, "lock_types"),
    l_whence=shown(i16, "seek"),
    l_start=i64,
    l_len=i64,
    l_pid=own(i32),
)
f_owner_ex = Structure("f_owner_ex", type=i32, pid=i32)
iovec = Structure("iovec", iov_base=pointer, iov_len=u64)
rlimit = Structure("rlimit", rlim_cur=shown(u64, "limit"), rlim_max=shown(u64, "limit"))

# Readiness
pollfd = Structure(
    "pollfd",
    fd=descriptor,
    events=shown(i16, "poll_events"),
    revents=own(shown(i16, "poll_events")),
)
epoll_event = Structure(
    "epoll_event", packed=True, events=shown(x32, "epoll_events"), data=own(x64)
)
masked = Structure("{sigset_t *, size_t}", mask=pointer, size_=u64)

# Signals
sigaction = Structure(
    "sigaction",
    handler=pointer,
    flags=shown(x32, "action_flags"),
    flags_high=own(x32),
    restorer=pointer,
    mask=shown(u64, "sigset"),
)
sigaltstack = Structure(
    "stack_t", ss_sp=pointer, ss_flags=shown(x32, "altstack_flags"), ss_size=u64
)
sigevent = Structure(
    "sigevent", sigev_value=own(x64), sigev_signo=own(i32), sigev_notify=i32, size=64
)
siginfo = Structure(
    "siginfo",
    si_signo=shown(i32, "signal"),
    si_errno=i32,
    si_code=i32,
    si_pid=i32,
    si_uid=i32,
    si_value=own(x64),
    size=128,
)
siginfo_wait = Structure(
    "siginfo",
    si_signo=shown(i32, "signal"),
    si_errno=i32,
    si_code=i32,
    hole=own(x32),
    si_pid=i32,
    si_uid=i32,
    si_status=i32,
)

# Processes
clone_args = Structure(
    "clone_args",
    flags=shown(x64, "clone_flags"),
    pidfd=pointer,
    child_tid=pointer,
    parent_tid=pointer,
    exit_signal=shown(u64, "signal"),
    stack=pointer,
    stack_size=own(u64),
    tls=pointer,
)
rusage = blob("rusage", 144)
capability_header = Structure("cap_user_header", version=x32, pid=i32)
capability_data = blob("cap_user_data[2]", 24)
sched_param = Structure("sched_param", sched_priority=i32)
sched_attr = Structure(
    "sched_attr",
    size_=u32,
    sched_policy=shown(u32, "policies"),
    sched_flags=x64,
    sched_nice=i32,
    sched_priority=u32,
    sched_runtime=u64,
    sched_deadline=u64,
    sched_period=u64,
)
robust_list_head = blob("robust_list_head", 24)

# Sockets
msghdr = Structure(
    "msghdr",
    msg_name=pointer,
    msg_namelen=i32,
    msg_iov=pointer,
    msg_iovlen=u64,
    msg_control=pointer,
    msg_controllen=u64,
    msg_flags=own(shown(x32, "message_flags")),
)
mmsghdr = Structure(
    "mmsghdr",
    msg_name=pointer,
    msg_namelen=i32,
    msg_iov=pointer,
    msg_iovlen=u64,
    msg_control=pointer,
    msg_controllen=u64,
    msg_flags=own(shown(x32, "message_flags")),
    msg_len=own(u32),
    size=64,
)

# System V and POSIX inter-process communication
sembuf = Structure("sembuf", sem_num=u16, sem_op=i16, sem_flg=i16)
mq_attr = Structure("mq_attr", mq_flags=own(i64), mq_maxmsg=i64, mq_msgsize=i64, size=64)
mq_flags = Structure("mq_attr", mq_flags=x64, size=64)

# System
utsname = blob("utsname", 390)
sysinfo = blob("sysinfo", 112)
