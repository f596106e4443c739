"""System V and POSIX message queues, semaphores and shared memory."""

from .annotations import (
    Address,
    Array,
    Bytes,
    Control,
    Fd,
    In,
    Int,
    Int32,
    Long,
    Octal,
    OpenFlags,
    Out,
    Request,
    Size,
    String,
    UInt,
    Zero,
)
from .declaration import leader, local
from .structures import mq_attr, mq_flags, sembuf, sigevent, timespec

SHARED = "every variant attaches the same segment, so each sees what the others write"


@leader
def shmget(key: Int, size: Size, shmflg: Octal) -> Int: ...


@local(sensitive=True, note=SHARED)
def shmat(shmid: Int, shmaddr: Address, shmflg: Octal) -> Address: ...


@local(sensitive=True, note=SHARED)
def shmdt(shmaddr: Address) -> Zero: ...


@leader(handler="control")
def shmctl(shmid: Int, cmd: Control, buf: Request) -> Int:
    """The table of commands says what the last argument is."""


@leader
def semget(key: Int, nsems: Int, semflg: Octal) -> Int: ...


@leader(effect=True, blocks=True)
def semop(semid: Int, tsops: In[Array(sembuf, "nsops")], nsops: UInt) -> Zero: ...


@leader(effect=True, blocks=True)
def semtimedop(
    semid: Int, tsops: In[Array(sembuf, "nsops")], nsops: UInt, timeout: In[timespec]
) -> Zero: ...


@leader(handler="control")
def semctl(semid: Int, semnum: Int, cmd: Control, arg: Request) -> Int:
    """How long the arrays of GETALL and SETALL are, each variant asks the kernel (IPC_STAT)."""


@leader
def msgget(key: Int, msgflg: Octal) -> Int: ...


@leader(effect=True, blocks=True)
def msgsnd(msqid: Int, msgp: In[Bytes.message("msgsz")], msgsz: Size, msgflg: Octal) -> Zero: ...


@leader(blocks=True)
def msgrcv(
    msqid: Int, msgp: Out[Bytes.message("msgsz")], msgsz: Size, msgtyp: Long, msgflg: Octal
) -> Size: ...


@leader(handler="control")
def msgctl(msqid: Int, cmd: Control, buf: Request) -> Int: ...


@leader(
    effect=True, cloexec="always", note="not an effect without O_CREAT, but that is not looked at"
)
def mq_open(u_name: In[String], oflag: OpenFlags, mode: Octal, u_attr: In[mq_attr]) -> Fd: ...


@leader(effect=True)
def mq_unlink(u_name: In[String]) -> Zero: ...


@leader(effect=True, blocks=True)
def mq_timedsend(
    mqdes: Fd,
    u_msg_ptr: In[Bytes("msg_len")],
    msg_len: Size,
    msg_prio: UInt,
    u_abs_timeout: In[timespec],
) -> Zero: ...


@leader(blocks=True)
def mq_timedreceive(
    mqdes: Fd,
    u_msg_ptr: Out[Bytes.result("msg_len")],
    msg_len: Size,
    u_msg_prio: Out[Int32],
    u_abs_timeout: In[timespec],
) -> Size: ...


@leader(sensitive=True, note="the value that comes with the signal is the leader's")
def mq_notify(mqdes: Fd, u_notification: In[sigevent]) -> Zero: ...


@leader
def mq_getsetattr(mqdes: Fd, u_mqstat: In[mq_flags], u_omqstat: Out[mq_attr]) -> Zero: ...
