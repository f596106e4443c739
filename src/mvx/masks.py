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
    if task.closed is None:
        task.closed = kernel.signal_mask(task.tid)
        kernel.set_signal_mask(task.tid, task.closed | sum(1 << (n - 1) for n in set(numbers)))


def open_signals(task: Task) -> None:
    """Give a stopped task its own signal mask back."""
    if task.closed is not None:
        kernel.set_signal_mask(task.tid, task.closed)
        task.closed = None


def open_together(tasks: Iterable[Task]) -> None:
    """The same for all variants at a common point. A follower may have changed its mask since it
    was closed; the leader's, which comes to the supervisor before that, is what it has to be.
    """
    closed = [task for task in tasks if task.closed is not None]
    for task in closed:
        if task.is_leader:
            open_signals(task)
    for task in closed:
        if not task.is_leader:
            task.closed = kernel.signal_mask(task.set.tasks[0].tid)
            open_signals(task)
