"""What the doctor finds."""

from __future__ import annotations

import dataclasses
from typing import Literal

State = Literal["ok", "limited", "missing"]
CONTAINER_FIX = "in a container: allow it in its seccomp profile, or add the capability SYS_PTRACE"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing about this machine."""

    name: str
    state: State
    found: str
    follows: str
    """What it means for mvx."""
    fix: str = ""
    needed: bool = False
    """Whether mvx cannot run where this is missing."""
