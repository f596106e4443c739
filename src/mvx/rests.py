"""How long a timer's next signal waits so that the program gets on.

Delivery must leave the program half of its time, however often a timer fires: after a signal it has
as long for itself as the delivery and the handler took.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mvx.tasks import Task

MOST_S: Final = 0.005
"""How long a timer's signal waits at most."""


class Rests:
    """The rests of leaders' tasks."""

    def __init__(self) -> None:
        """Nobody rests."""
        self._until_s: dict[Task, float] = {}
        self._begun_ns: dict[Task, int] = {}
        """When the delivery of the signal began in whose handler a task is."""

    def until(self, task: Task) -> float:
        """Until when (time.monotonic) a task shall get on with its work after its last signal."""
        return self._until_s.get(task, 0.0)

    def delivered(self, task: Task, begun_ns: int) -> None:
        """A signal whose delivery began then has reached every variant's handler."""
        self._rest(task, begun_ns)
        self._begun_ns[task] = begun_ns

    def returned(self, task: Task) -> None:
        """The task returns from a handler: it may have taken longer than the delivery."""
        begun_ns = self._begun_ns.pop(task, None)
        if begun_ns is not None:
            self._rest(task, begun_ns)

    def extend(self, task: Task, until_s: float) -> None:
        """A task shall get on with its work until then (time.monotonic)."""
        self._until_s[task] = until_s

    def forget(self, task: Task) -> None:
        """The task has ended."""
        self._until_s.pop(task, None)
        self._begun_ns.pop(task, None)

    def _rest(self, task: Task, begun_ns: int) -> None:
        now_ns = time.monotonic_ns()
        self._until_s[task] = now_ns / 1e9 + min((now_ns - begun_ns) / 1e9, MOST_S)
