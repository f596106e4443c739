"""No address is code in two variants: looked at whenever something becomes executable.

Code that the supervisor places (programs, libraries, memory that is executable from the start) lies
in a zone of the variant (placement.py), so there can be no such address; if there is one, the run
ends, since a payload with that address would fit both. What cannot be placed - a program that is
linked to its addresses, anonymous memory that `mprotect` makes executable - is counted. Without the
diversification `layout`, code is common on purpose, and nothing is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task


class Disjoint:
    """Knows where each process has code, and compares it with the other variants'."""

    def __init__(self, monitor: Monitor) -> None:
        """For one run."""
        self._monitor = monitor
        self._looks = "layout" in monitor.options.diversify and monitor.options.variants > 1
        self._checked = 0
        self._common = 0

    def appeared(self, task: Task, start: int, size: int, *, placed: bool) -> None:
        """Memory has become executable; `placed`: at an address of the supervisor's choice."""
        if not self._looks or task.space is None or size <= 0:
            return
        if task.space.home != task.variant.index:
            return  # this program's is common on purpose
        own = (start, start + size)
        self._checked += 1
        task.space.code.add(own)
        for other in task.set.tasks.values():
            if other.space is None or other.variant is task.variant:
                continue
            for begin, end in other.space.code:
                if begin < own[1] and own[0] < end:
                    self._overlaps(task, other, max(begin, start), placed=placed)
                    return

    def _overlaps(self, task: Task, other: Task, address: int, *, placed: bool) -> None:
        self._common += 1
        if placed:
            one, two = sorted((task.variant.index, other.variant.index))
            reason = f"{address:#x} is executable in variants {one} and {two}"
            self._monitor.diverged("integrity", task, reason)

    def statistics(self) -> dict[str, object]:
        """How often code appeared, and how often at an address that another variant executes."""
        return {"appeared": self._checked, "common": self._common}

    def summary(self) -> list[str]:
        """A line where there is code at common addresses."""
        if not self._common:
            return []
        return [
            f"{self._common} of {self._checked} mappings of code at addresses of another variant"
        ]
