"""SIGSEGV that is blocked or ignored when a program starts.

An instruction that mvx makes fault (instructions.py) sends SIGSEGV. The kernel does not let that be
blocked or ignored: it opens the signal and gives it its default again (force_sig_info_to_task in
kernel/signal.c). Every program executes cpuid at its start, in the loader, so without this none
would start with the mask and dispositions that it was given. Later the program's own calls decide,
and nothing is put back.
"""

from __future__ import annotations

import signal
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from mvx import kernel
from mvx.remote import Remote

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

_BIT: Final = 1 << (signal.SIGSEGV - 1)
_BLOCKED, _IGNORED = 32 - 3, 33 - 3
_RT_SIGACTION: Final = 13
_RT_SIGPROCMASK: Final = 14
_IGNORE: Final = struct.pack("<4Q", signal.SIG_IGN, 0, 0, 0)
"""struct sigaction of the kernel: handler, flags, restorer, mask."""


class Shield(NamedTuple):
    """What a program was started with, and how many calls had been made by then that change it."""

    is_blocked: bool
    is_ignored: bool
    masks: int
    actions: int


def seen(monitor: Monitor, task: Task, record: list[bytes]) -> Shield | None:
    """What a task that has just executed a program was started with; None if nothing of it.

    `record`: the process's fields of proc_pid_stat(5) from the third on. Of signals up to 31, two
    tell what is blocked and ignored.
    """
    is_blocked = bool(int(record[_BLOCKED]) & _BIT)
    is_ignored = bool(int(record[_IGNORED]) & _BIT)
    if not is_blocked and not is_ignored:
        return None
    return Shield(is_blocked, is_ignored, *_counts(monitor, task))


def restore(monitor: Monitor, task: Task) -> None:
    """A task is stopped by a fault that mvx caused, and is to go on as if there had been none."""
    shield = task.shield
    if shield is None:
        return
    masks, actions = _counts(monitor, task)
    if shield.is_ignored and actions == shield.actions:
        assert task.space is not None
        place = task.scratch_address
        task.space.memory.write(place, _IGNORE)
        remote = Remote(task, monitor.control_call(task.variant), in_call=False)
        remote.call(_RT_SIGACTION, signal.SIGSEGV, place, 0, 8)
        remote.finish(remote.registers)
    if shield.is_blocked and masks == shield.masks:
        kernel.set_signal_mask(task.tid, kernel.signal_mask(task.tid) | _BIT)


def _counts(monitor: Monitor, task: Task) -> tuple[int, int]:
    counts = monitor.arenas.arenas[task.variant.index].counts(task.set.lane)
    return counts[_RT_SIGPROCMASK], counts[_RT_SIGACTION]
