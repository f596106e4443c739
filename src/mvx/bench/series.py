"""Trials, and the series of samples that they give."""

from __future__ import annotations

import dataclasses
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence


class TrialFailedError(Exception):
    """A contender did not do what it was asked to; the text says how it failed."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """One thing that a trial tells."""

    name: str
    unit: str
    more_is_better: bool = False


@dataclasses.dataclass(frozen=True)
class Trial:
    """One contender in one row."""

    row: str
    meaning: str
    """What the row is, for people."""
    contender: str
    run: Callable[[], Mapping[str, float]]
    """Run once; the samples by the names of the measures. Raises TrialFailedError."""


@dataclasses.dataclass
class Series:
    """The samples of one measure of one contender in one row."""

    row: str
    meaning: str
    contender: str
    measure: Measure
    samples: list[float] = dataclasses.field(default_factory=list)
    failure: str = ""

    def median(self) -> float | None:
        """The median sample, None when there is none or a run failed."""
        return statistics.median(self.samples) if self.samples and not self.failure else None


def run(
    trials: Sequence[Trial], measures: Sequence[Measure], rounds: int, *, warm_up: bool
) -> list[Series]:
    """Run every trial in every round; one that failed is not run again.

    `warm_up`: one more round before the others, whose samples do not count. Measures that no trial
    of a row tells of give no series.
    """
    series = {
        (trial.row, trial.contender, measure.name): Series(
            trial.row, trial.meaning, trial.contender, measure
        )
        for trial in trials
        for measure in measures
    }
    failed: set[Trial] = set()
    for number in range(1 - warm_up, rounds + 1):
        for trial in trials:
            if trial in failed:
                continue
            progress(f"round {number} of {rounds}: {trial.row}, {trial.contender}")
            try:
                samples = trial.run()
            except TrialFailedError as error:
                failed.add(trial)
                for measure in measures:
                    series[trial.row, trial.contender, measure.name].failure = str(error)
                continue
            if number:
                for name, value in samples.items():
                    series[trial.row, trial.contender, name].samples.append(value)
    progress("")
    told = {(one.row, one.measure.name) for one in series.values() if one.samples}
    for row, name in [(one.row, measures[0].name) for one in series.values() if one.failure]:
        told.add((row, name))  # where nobody tells anything, the failures still show
    shown = [one for one in series.values() if (one.row, one.measure.name) in told]
    rows = list(dict.fromkeys(one.row for one in shown))
    return sorted(shown, key=lambda one: (rows.index(one.row), measures.index(one.measure)))


def progress(text: str) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr is not None and sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text[:79]}")
        sys.stderr.flush()
