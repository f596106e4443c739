"""Which attacks work natively, and what comes of them under mvx: `mvx bench attacks`.

Each attack (mvx.attacks) is tried natively, with each diversification alone, with none, with the
default set and with all, and against variants that are other files. Every try starts the victim
anew. Nothing is asserted here; tests/test_attacks.py does that.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from mvx import diversity
from mvx.attacks.suite import ATTACKS, OTHER_FILES, Attack
from mvx.attacks.trial import Outcome, Result, attempt, build
from mvx.bench.contenders import NATIVE, own_command
from mvx.bench.output import SCHEMA_VERSION, head
from mvx.bench.running import compiler
from mvx.bench.series import progress
from mvx.errors import UsageError

_QUICK_SHARE: Final = 7
"""Of so many attacks of the matrix, `--quick` tries one."""


class Contender(NamedTuple):
    """A way to run the victims."""

    name: str
    diversify: str
    differs: frozenset[str]

    @property
    def is_native(self) -> bool:
        """Whether it is the victim alone."""
        return self.name == NATIVE


class Row(NamedTuple):
    """What came of one attack against one contender."""

    attack: Attack
    contender: Contender
    result: Result
    reason: str
    """Why it was missed, where it was."""


def contenders(chosen: Sequence[str] = ()) -> list[Contender]:
    """All, or those with these names; UsageError for one that there is not."""
    sets = ["none", *diversity.NAMES, "default", "all"]
    found = [Contender(name, name, frozenset(diversity.parse(name))) for name in sets]
    other = frozenset({*diversity.DEFAULT, OTHER_FILES})
    found.append(Contender(OTHER_FILES, "default", other))
    names = {one.name for one in found}
    if unknown := [name for name in chosen if name not in names]:
        raise UsageError(f"no such contender: {unknown[0]}", fix=f"one of {', '.join(names)}")
    native = Contender(NATIVE, "", frozenset())
    return [native, *(one for one in found if not chosen or one.name in chosen)]


def chosen_attacks(patterns: Sequence[str], *, quick: bool) -> list[Attack]:
    """Those whose names match a pattern; UsageError where one matches none."""
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(attack.name, pattern) for attack in ATTACKS):
            names = ", ".join(attack.name for attack in ATTACKS if "T13" not in attack.name)
            raise UsageError(f"no attack is named {pattern}", fix=f"one of {names}, T13-*")
    if patterns:
        return [
            attack
            for attack in ATTACKS
            if any(fnmatch.fnmatchcase(attack.name, pattern) for pattern in patterns)
        ]
    matrix = [attack for attack in ATTACKS if attack.source == "matrix"]
    left_out = set(matrix) - set(matrix[::_QUICK_SHARE]) if quick else set()
    return [attack for attack in ATTACKS if attack not in left_out]


def rows(asked: argparse.Namespace, folder: Path) -> Iterator[Row]:
    """Try every attack that was asked for against every contender."""
    native, *others = contenders(asked.contender)
    for number, attack in enumerate(chosen_attacks(asked.row, quick=asked.quick)):
        program = build([compiler()], attack, folder / "built")
        place = folder / f"{number}-{NATIVE}"
        first = attempt(attack, [], program, place)
        yield Row(attack, native, first, "")
        for contender in others if first.outcome is Outcome.SUCCEEDED else ():
            progress(f"{attack.name}: {contender.name}")
            command, target = _command(asked, contender, attack, folder, program)
            place = folder / f"{number}-{contender.name}"
            result = attempt(attack, command, target, place, differs=contender.differs)
            yield Row(attack, contender, result, reason(attack, contender, result))
    progress("")


def _command(
    asked: argparse.Namespace, contender: Contender, attack: Attack, folder: Path, program: Path
) -> tuple[list[str], Path]:
    """The words before the victim, and the victim."""
    mvx = asked.mvx or own_command()
    words = [*mvx, "run", "-n", str(asked.variants), "--diversify", contender.diversify]
    words += asked.option
    if contender.name != OTHER_FILES:
        return [*words, "--"], program
    if attack.other_flags:
        other = build([compiler()], attack, folder / "built", other=True)
        return [*words, "--variant", str(other), "--"], program
    try:
        target = build([*mvx, "cc"], attack, folder / "variants")
    except subprocess.CalledProcessError as error:
        text = error.stderr.decode(errors="replace")
        raise UsageError(f"mvx cc fails: {text}", fix="install clang") from None
    return [*words, "--"], target


def reason(attack: Attack, contender: Contender, result: Result) -> str:
    """Why an attack was missed; empty where it was not."""
    if result.outcome not in (Outcome.MISSED, Outcome.LATE):
        return ""
    if attack.needs & contender.differs:
        return "unexpected: something that it needs differs"
    if attack.why and "layout" not in attack.needs:
        return attack.why
    return f"differs in nothing that it uses; that do: {', '.join(sorted(attack.needs))}"


# The output


def run(asked: argparse.Namespace, known: Mapping[str, Any], folder: Path) -> str:
    """Try all; the text to print."""
    start = time.monotonic()
    folder.chmod(0o755)
    found = list(rows(asked, folder))
    conditions = {**known, "seconds": round(time.monotonic() - start), "load": os.getloadavg()}
    if asked.format == "json":
        return as_json(conditions, found)
    return "\n".join([*head(conditions), "", *table(found), "", *summary(found)])


def table(found: Sequence[Row]) -> Iterator[str]:
    """An attack in a line, a contender in a column; then why those that were missed were."""
    names = list(dict.fromkeys(row.contender.name for row in found))
    width = max(len(row.attack.name) for row in found)
    yield f"{'ATTACK':{width}} " + " ".join(f"{name:>11}" for name in names)
    by_attack: dict[str, dict[str, Result]] = {}
    for row in found:
        by_attack.setdefault(row.attack.name, {})[row.contender.name] = row.result
    for attack, results in by_attack.items():
        cells = [results[name].outcome.value if name in results else "" for name in names]
        yield f"{attack:{width}} " + " ".join(f"{cell:>11}" for cell in cells)


def _untried(attack: Attack, tried: set[str]) -> list[str]:
    """What is known to stop an attack that nothing stopped in this run."""
    others = sorted(attack.needs - tried)
    return [f"{', '.join(others)}, not tried"] if others else ["nothing here"]


def summary(found: Sequence[Row]) -> Iterator[str]:
    """How many of each outcome, and the reason of each miss."""
    counts: dict[str, Counter[str]] = {}
    for row in found:
        counts.setdefault(row.contender.name, Counter())[row.result.outcome.value] += 1
    for name, counter in counts.items():
        words = ", ".join(f"{number} {outcome}" for outcome, number in counter.most_common())
        yield f"{name}: {words}"
    tried = {name for row in found for name in (row.contender.name, *row.contender.differs)}
    caught: dict[str, list[str]] = {}
    for row in found:
        if row.result.outcome is Outcome.STOPPED:
            caught.setdefault(row.attack.name, []).append(row.contender.name)
    for contender in dict.fromkeys(row.contender.name for row in found):
        missed = [row for row in found if row.contender.name == contender and row.reason]
        if not missed:
            continue
        yield ""
        yield f"Missed by {contender}"
        for why in dict.fromkeys(row.reason for row in missed):
            yield f"  {why}"
            for row in missed:
                if row.reason == why:
                    by = ", ".join(caught.get(row.attack.name) or _untried(row.attack, tried))
                    late = " (alarm after the effect)" * (row.result.outcome is Outcome.LATE)
                    yield f"    {row.attack.name}: {row.attack.meaning}{late}; stopped by {by}"
    for row in found:
        if row.result.outcome is Outcome.FAILED:
            words = row.result.words.strip().rpartition("\n")[2]
            yield f"{row.attack.name} failed with {row.contender.name}: {words}"


def as_json(conditions: Mapping[str, Any], found: Sequence[Row]) -> str:
    """Everything, for programs."""
    results = [
        {
            "row": row.attack.name,
            "meaning": row.attack.meaning,
            "contender": row.contender.name,
            "outcome": row.result.outcome.value,
            "reason": row.reason or None,
            "attempts": row.result.attempts,
        }
        for row in found
    ]
    document = {
        "schema_version": SCHEMA_VERSION,
        "benchmark": "attacks",
        "conditions": conditions,
        "results": results,
    }
    return json.dumps(document, indent=2)
