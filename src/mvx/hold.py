"""Who is held for a delivery between calls (between.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.tasks import Task


class Hold:
    """A leader's task that is held, and its followers as they come."""

    waits: bool = False
    """All are held, and one of them waits for its own copy of the signal."""
    forced: bool = False
    """The leader did not come to the call in which a follower waits."""
    is_clock: bool = False
    """It matters less where exactly the signal comes, but soon."""

    def __init__(
        self, leader: Task, registers: Registers, since_s: float, *, in_signal_stop: bool
    ) -> None:
        """The leader is held, no follower is."""
        self.leader = leader
        self.registers = registers
        """The leader's."""
        self.in_signal_stop = in_signal_stop
        """The leader is in signal-delivery-stop: a signal can be injected there."""
        self.since_s = since_s
        """When the supervisor learnt that the leader has stopped."""
        self.ready: dict[int, Registers | None] = {}
        """Followers that are held, with the registers to put back (None: as they are)."""
        self.injectable: set[int] = set()
        """Those of them that are in signal-delivery-stop."""
