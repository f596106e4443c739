"""What mvx knows about system calls: one declaration per call.

The generator, the reports and `mvx syscalls` read it.

Names and numbers are cheap; :func:`rule` imports declarations when it is asked for one.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .numbers import NAMES, NUMBERS

if TYPE_CHECKING:
    from .declaration import Declaration
    from .requests import Request

TOPICS = (
    "descriptors",
    "files",
    "attributes",
    "mounts",
    "sockets",
    "readiness",
    "memory",
    "processes",
    "identity",
    "keys",
    "signals",
    "clocks",
    "scheduling",
    "ipc",
    "system",
    "refusals",
)
"""The modules that declare calls, in the order of the documentation."""


def name(number: int) -> str:
    """The name of a call; "syscall_N" for a number without one."""
    return NAMES.get(number, f"syscall_{number}")


def number(name: str) -> int:
    """The number of a call by its kernel name; KeyError for a name that is none."""
    return NUMBERS[name]


def declarations() -> Mapping[int, Declaration]:
    """All declared calls by number."""
    from . import declaration

    _declare_all()
    return declaration.REGISTER


@functools.cache
def _declare_all() -> None:
    for topic in TOPICS:
        importlib.import_module(f".{topic}", __name__)


def rule(number: int) -> Declaration | None:
    """The declaration of a call, None for a number that has none (it is refused with ENOSYS). Only
    the module that declares it is loaded.
    """
    from . import declaration
    from .table import RULES

    if number not in declaration.REGISTER and number in RULES:
        importlib.import_module(f".{RULES[number].topic}", __name__)
    return declaration.REGISTER.get(number)


def request_tables() -> Mapping[str, list[Request]]:
    """The second-level tables by the name of the call they belong to."""
    from . import controls, fcntls, ioctls, keys, prctls

    return {
        "ioctl": ioctls.REQUESTS,
        "fcntl": fcntls.COMMANDS,
        "prctl": prctls.OPTIONS,
        "keyctl": keys.OPERATIONS,
        "semctl": controls.SEMAPHORES,
        "msgctl": controls.MESSAGES,
        "shmctl": controls.SHARED_MEMORY,
    }
