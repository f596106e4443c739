"""What is left of a service when an attacker causes divergences (T12): `mvx bench alarms`.

A share of the requests makes the variants disagree. Natively they are answered as any other. Under
mvx the server ends and is started again, or, with three variants and `drop`, its child ends.
`goodput` counts the honest requests that were answered.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from mvx.attacks.trial import SOURCES
from mvx.attacks.victim import Victim, VictimFailedError
from mvx.bench.contenders import NATIVE, own_command
from mvx.bench.running import compiler, run_once
from mvx.bench.series import Measure, Trial, TrialFailedError

MEASURES = (Measure("goodput", "answers/s", more_is_better=True),)
_SHARES: Final = {"0": 0, "1": 100, "5": 20, "20": 5}
"""By row, in percent: one of so many requests is hostile."""


def names() -> list[str]:
    """All rows."""
    return list(_SHARES)


def trials(asked: argparse.Namespace, folder: Path) -> Iterator[Trial]:
    """All contenders in the rows that were asked for."""
    folder.chmod(0o755)
    program = folder / "leaking_server"
    run_once([compiler(), "-O1", "-o", str(program), str(SOURCES / "leaking_server.c")])
    run = [*(asked.mvx or own_command()), "run", *asked.option]
    contenders = {
        NATIVE: [],
        "mvx -n 2, started again": [*run, "-n", "2", "--"],
        "mvx -n 3 drop": [*run, "-n", "3", "--on-divergence", "drop", "--"],
    }
    for row in asked.row or _SHARES:
        meaning = f"{row} % of the requests are hostile"
        for name, command in contenders.items():
            once = partial(_run, command, program, _SHARES[row], asked.seconds)
            yield Trial(row, meaning, name, once)


def _run(command: list[str], program: Path, share: int, seconds: float) -> dict[str, float]:
    answered = number = 0
    with tempfile.TemporaryDirectory(dir=program.parent) as place:
        victim = _start(command, program, Path(place))
        try:
            start = time.monotonic()
            while time.monotonic() - start < seconds:
                number += 1
                hostile = share and number % share == 0
                answered += victim.talk(b"l" if hostile else b"a") == b"ok\n" and not hostile
                if not victim.is_running:
                    victim = _start(command, program, Path(place))
            return {"goodput": answered / (time.monotonic() - start)}
        finally:
            victim.kill()


def _start(command: list[str], program: Path, place: Path) -> Victim:
    try:
        return Victim([*command, str(program)], program, place)
    except VictimFailedError as error:
        raise TrialFailedError(str(error)) from None
