"""The limit of open files (RLIMIT_NOFILE): mvx takes what it can get, the program keeps the user's.

mvx holds a few descriptors for each process of each variant. The kernel's limit is for each process
alone, so what mvx gives itself is not taken from the program.
"""

from __future__ import annotations

import resource
from typing import Final

_GIVEN: Final = resource.getrlimit(resource.RLIMIT_NOFILE)


def take() -> None:
    """Raise the soft limit of this process to the hard one."""
    hard = _GIVEN[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def give_back() -> None:
    """Set the limit that this process had, in a child that is to become the program."""
    resource.setrlimit(resource.RLIMIT_NOFILE, _GIVEN)
