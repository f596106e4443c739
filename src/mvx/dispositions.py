"""What a task does with signals, as proc_pid_status(5) tells.

Read on the way of every signal: one line is looked for, nothing else is parsed.
"""

from __future__ import annotations

import os


def status(tid: int) -> bytes:
    """The task's status; empty for one that is gone."""
    try:
        descriptor = os.open(f"/proc/{tid}/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 8192)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def field(content: bytes, name: bytes) -> int:
    """One of the sets SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt: bit 0 for signal 1."""
    start = content.find(b"\n" + name + b":\t")
    return int(content[start + len(name) + 3 :][:16], 16) if start >= 0 else 0


def has_handler(tid: int, number: int) -> bool:
    """Whether the task's process has a handler for a signal."""
    return bool(field(status(tid), b"SigCgt") >> (number - 1) & 1)


def is_ignored(tid: int, number: int) -> bool:
    """Whether the task's process ignores a signal."""
    return bool(field(status(tid), b"SigIgn") >> (number - 1) & 1)


def is_blocked(tid: int, number: int) -> bool:
    """Whether a task blocks a signal."""
    return bool(field(status(tid), b"SigBlk") >> (number - 1) & 1)


def is_pending_for_thread(tid: int, number: int) -> bool:
    """Whether a signal that was sent to the thread itself is still to be delivered."""
    return bool(field(status(tid), b"SigPnd") >> (number - 1) & 1)


def is_pending_for_process(tid: int, number: int) -> bool:
    """Whether a signal that any thread of the task's process may take is still to be delivered."""
    return bool(field(status(tid), b"ShdPnd") >> (number - 1) & 1)


def pending(tid: int) -> int:
    """The signals that are still to be delivered to the task or to its process."""
    content = status(tid)
    return field(content, b"SigPnd") | field(content, b"ShdPnd")


def ready_for_handlers(tid: int) -> int:
    """The pending signals that are not blocked and have handlers."""
    content = status(tid)
    waiting = field(content, b"SigPnd") | field(content, b"ShdPnd")
    return waiting & ~field(content, b"SigBlk") & field(content, b"SigCgt")
