"""One attack, tried once: what came of it."""

from __future__ import annotations

import enum
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mvx.attacks.suite import Attack
from mvx.attacks.victim import Victim, VictimFailedError
from mvx.outcome import DIVERGENCE_STATUS

SOURCES: Final = Path(__file__).with_name("sources")
_FLAGS: Final = ("-O1", "-Wall", "-Wextra", "-pthread")
_ALARM_S: Final = 5.0
"""How long the alarm may take after the attack."""
_LATE_S: Final = 0.5
"""The same where the effect has happened already."""


class Outcome(enum.Enum):
    """What came of an attack."""

    SUCCEEDED = "succeeded"
    """Natively: the effect happened."""
    STOPPED = "stopped"
    """No effect; the run ended as a divergence."""
    NOTHING = "no effect"
    """No effect, no divergence: a call was refused, or all variants failed alike."""
    MISSED = "missed"
    """The effect happened, and nobody noticed."""
    LATE = "late"
    """The effect happened, and then the run ended as a divergence."""
    FAILED = "failed"
    """The attack does not work here even natively, or the victim did not start."""


class Result(NamedTuple):
    """An outcome, and what else is known."""

    outcome: Outcome
    attempts: int = 0
    """How many connections the attacker made."""
    seconds: float = 0.0
    words: str = ""
    """What the victim or mvx said last."""


def build(compiler: Sequence[str], attack: Attack, folder: Path, *, other: bool = False) -> Path:
    """Compile the victim, unless it is there; raises CalledProcessError.

    `other`: the other release, of an attack that has one.
    """
    flags = (*_FLAGS, *attack.flags, *(attack.other_flags if other else ()))
    place = folder / "".join(c if c.isalnum() else "-" for c in "-".join(flags))
    place.mkdir(parents=True, exist_ok=True)
    target = place / attack.source
    if not target.exists():
        source = SOURCES / f"{attack.source}.c"
        subprocess.run(
            [*compiler, *flags, "-o", str(target), str(source)], check=True, capture_output=True
        )
    return target


def attempt(
    attack: Attack,
    command: Sequence[str],
    program: Path,
    place: Path,
    *,
    differs: frozenset[str] | None = None,
    variant: int = 0,
) -> Result:
    """Start the victim in a new directory, attack it, and look what came of it.

    `differs`: in what the variants of `command` differ; None: it runs natively.
    `variant`: whose addresses the attacker knows.
    """
    place.mkdir()
    try:
        victim = Victim([*command, str(program), *attack.arguments], program, place, variant)
    except VictimFailedError as error:
        return Result(Outcome.FAILED, words=str(error))
    try:
        if differs is not None and attack.is_escape and not differs & attack.needs:
            victim.allowed_lines = 1
        attack.exploit(victim)
        worked = attack.worked(victim)
        if differs is None:
            outcome = Outcome.SUCCEEDED if worked else Outcome.FAILED
            return Result(outcome, victim.attempts, words=victim.errors)
        status = victim.ended(_LATE_S if worked else _ALARM_S)
        alarm = status == DIVERGENCE_STATUS
        if not worked and alarm and attack.is_leak and victim.received:
            worked = attack.worked(victim)
        outcome = {
            (True, True): Outcome.LATE,
            (True, False): Outcome.MISSED,
            (False, True): Outcome.STOPPED,
            (False, False): Outcome.NOTHING,
        }[worked, alarm]
        return Result(outcome, victim.attempts, words=victim.errors)
    except VictimFailedError as error:
        return Result(Outcome.FAILED, words=str(error))
    finally:
        victim.kill()
