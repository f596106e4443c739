"""The one interface of everything that moves bytes between the monitor and a variant."""

from __future__ import annotations

import abc
from typing import ClassVar


class Transport(abc.ABC):
    """Moves bytes between this process and another. Addresses are the other's."""

    name: ClassVar[str]
    """How tables and plots call it."""
    cooperative: ClassVar[bool]
    """Whether the other process moves its half of the bytes itself. Where it does not, it must be
    stopped by ptrace, or at least traced, and knows nothing of it.
    """

    @abc.abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """Bytes of the other process; fewer where its memory ends, OSError where there is none."""

    @abc.abstractmethod
    def write(self, address: int, content: bytes) -> None:
        """Put bytes into the other process; they have arrived when this returns. OSError where not
        all of them could be written.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Give back what it holds; closing twice is allowed."""
