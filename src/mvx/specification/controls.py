"""The commands of semctl, msgctl and shmctl (linux/ipc.h, sem.h, msg.h, shm.h)."""

from .annotations import In, Int, Out, Own
from .requests import Request
from .structures import Member, Structure, blob, i32, octets, own, u32, u64


def permissions(name: str, size: int, queue_bytes: Member) -> Structure:
    """What IPC_SET reads of a semid_ds, msqid_ds or shmid_ds: owner, mode, a queue's limit."""
    return Structure(
        name,
        size=size,
        key=own(i32),
        uid=u32,
        gid=u32,
        creator=own(octets(8)),
        mode=u32,
        rest=own(octets(64)),
        msg_qbytes=queue_bytes,
    )


SEMAPHORES = [
    Request("IPC_RMID", 0, effect=True, removes=True),
    Request("IPC_SET", 1, In[permissions("semid_ds", 104, own(u64))], effect=True),
    Request("IPC_STAT", 2, Out[blob("semid_ds", 104)]),
    Request("IPC_INFO", 3, Out[blob("seminfo", 40)]),
    Request("GETPID", 11),
    Request("GETVAL", 12),
    Request("GETALL", 13, Own),
    Request("GETNCNT", 14),
    Request("GETZCNT", 15),
    Request("SETVAL", 16, Int, effect=True),
    Request("SETALL", 17, Own, effect=True),
    Request("SEM_STAT", 18, Out[blob("semid_ds", 104)]),
    Request("SEM_INFO", 19, Out[blob("seminfo", 40)]),
    Request("SEM_STAT_ANY", 20, Out[blob("semid_ds", 104)]),
]

MESSAGES = [
    Request("IPC_RMID", 0, effect=True, removes=True),
    Request("IPC_SET", 1, In[permissions("msqid_ds", 120, u64)], effect=True),
    Request("IPC_STAT", 2, Out[blob("msqid_ds", 120)]),
    Request("IPC_INFO", 3, Out[blob("msginfo", 32)]),
    Request("MSG_STAT", 11, Out[blob("msqid_ds", 120)]),
    Request("MSG_INFO", 12, Out[blob("msginfo", 32)]),
    Request("MSG_STAT_ANY", 13, Out[blob("msqid_ds", 120)]),
]

SHARED_MEMORY = [
    Request("IPC_RMID", 0, effect=True, removes=True),
    Request("IPC_SET", 1, In[permissions("shmid_ds", 112, own(u64))], effect=True),
    Request("IPC_STAT", 2, Out[blob("shmid_ds", 112)]),
    Request("IPC_INFO", 3, Out[blob("shminfo", 72)]),
    Request("SHM_LOCK", 11),
    Request("SHM_UNLOCK", 12),
    Request("SHM_STAT", 13, Out[blob("shmid_ds", 112)]),
    Request("SHM_INFO", 14, Out[blob("shm_info", 48)]),
    Request("SHM_STAT_ANY", 15, Out[blob("shmid_ds", 112)]),
]
