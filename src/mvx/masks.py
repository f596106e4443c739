"""Signals that wait for their delivery already are blocked meanwhile, and opened where all meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mvx import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mvx.tasks import Task


def close_signals(task: Task, *numbers: int) -> None:
    """Block signals of timers that wait for their delivery already: each one would stop the
    task.

    The kernel keeps one. Every way to the control gate, into a handler or out of a rest opens
    it again, so no call sees it but what the leader looks up of itself in /proc.
    """
    mask = kernel.signal_mask(task.tid)
    added = sum(1 << (n - 1) for n in set(numbers)) & ~mask
    if added:
        task.closed |= added
        kernel.set_signal_mask(task.tid, mask | added)


def open_signals(task: Task, keep: int = 0) -> None:
    """Unblock for a stopped task what was blocked, apart from `keep`. The rest of its mask is its
    own: handlers come and end without the supervisor.
    """
    added, task.closed = task.closed & ~keep, 0
    if added:
        kernel.set_signal_mask(task.tid, kernel.signal_mask(task.tid) & ~added)


def open_together(tasks: Iterable[Task]) -> None:
    """The same for all variants at a common point. A follower may have blocked such a signal itself
    since; the leader, which comes to the supervisor before that, then has, too.
    """
    closed = [task for task in tasks if task.closed]
    for task in closed:
        if task.is_leader:
            open_signals(task)
    for task in closed:
        if not task.is_leader:
            open_signals(task, keep=kernel.signal_mask(task.set.tasks[0].tid))
