"""How a run ended."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["exited", "signaled", "divergence", "timeout", "failed"]

DIVERGENCE_STATUS = 121
"""mvx's exit status when the variants disagreed."""
TIMEOUT_STATUS = 124
"""mvx's exit status when the time limit ended the run, as timeout(1)."""
FAILURE_STATUS = 125
"""mvx's exit status when mvx itself failed, as env(1)."""


class Outcome(NamedTuple):
    """How a run ended: what happened, and the number that tells more.

    The code is the program's exit status for ``exited``, the number of the signal that killed it
    for ``signaled``, and mvx's own exit status otherwise.
    """

    kind: Kind
    code: int
