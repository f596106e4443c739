"""What a run cost and did, in numbers: `mvx run --statistics FILE`.

Each part of the supervisor keeps its own numbers and adds itself as a *section*: a name, which is a
key of the JSON object, and two methods. ``docs/reference/statistics.schema.json`` describes every
section; a new one is added there.

    class Timers:
        def statistics(self) -> dict[str, object]:
            return {"expired": self._expired}

        def summary(self) -> list[str]:
            return [f"{self._expired} timers expired"] if self._expired else []

    monitor.statistics.add("timers", Timers())

Counting is always on, since it costs less than a tenth of a microsecond at stops of some ten
microseconds; the option only decides whether the numbers are written.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mvx.errors import FileFailed
from mvx.layout import CALL_NUMBERS
from mvx.outcome import Outcome

if TYPE_CHECKING:
    from mvx.options import Options

SCHEMA_VERSION: Final = 1
STANDARD_ERROR: Final = Path("-")
"""The text summary goes there instead of JSON into a file."""

STOPS: Final = {
    "trap": "a call at a site that is not patched, sent on to the agent",
    "local": "memory management, looked at before each variant does it for itself",
    "verified": "a call at a gate that the supervisor looks at",
    "control": "a request of the agent: native calls, signals",
    "exit": "the end of a call that the supervisor wanted to see",
    "birth": "a new task, in its parent or at its own start",
    "exec": "a program executed; a single one, though injection makes about forty more stops",
    "signal": "a signal about to be delivered, or an instruction that faulted on purpose",
    "group": "job control, or a stop that the supervisor asked for",
    "launch": "before the first program",
    "end": "a task has ended",
}
"""The kinds of ptrace stops that are counted, and what each is."""


class Section(Protocol):
    """The numbers of one part of the supervisor."""

    def statistics(self) -> dict[str, object]:
        """The section's value in the JSON object; called once, at the end of the run."""
        ...

    def summary(self) -> Sequence[str]:
        """Lines for the text summary; none when there is nothing to tell."""
        ...


class Statistics:
    """The numbers of one run."""

    def __init__(self, variants: int) -> None:
        """Start counting, and the clock."""
        self._start_s = time.monotonic()
        self._sections: dict[str, Section] = {}
        self.stops = [dict.fromkeys(STOPS, 0) for _ in range(variants)]
        """Per variant: how often its tasks stopped, by kind."""
        self.tasks = [0] * variants
        """Per variant: how many tasks it had in all."""
        self._calls = [[0] * CALL_NUMBERS for _ in range(variants)]

    def add(self, name: str, section: Section) -> None:
        """Make a section part of the statistics."""
        assert name not in self._sections
        self._sections[name] = section

    def stop(self, variant: int, kind: str, times: int = 1) -> None:
        """Count a stop of one of STOPS, or several."""
        self.stops[variant][kind] += times

    def finished(self, variant: int, counts: Sequence[int]) -> None:
        """Add the compared calls that a variant finished on a lane, by number."""
        calls = self._calls[variant]
        for number, count in enumerate(counts):
            if count:
                calls[number] += count

    def _by_name(self, variant: int) -> dict[str, int]:
        from mvx.specification.table import RULES

        counted = [(count, number) for number, count in enumerate(self._calls[variant]) if count]
        return {
            RULES[number].name if number in RULES else str(number): count
            for count, number in sorted(counted, key=lambda each: (-each[0], each[1]))
        }

    def content(self, options: Options, outcome: Outcome) -> dict[str, object]:
        """Everything, as the schema describes it."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "schema_version": SCHEMA_VERSION,
            "command": list(options.arguments),
            "policy": options.policy,
            "verify": options.verify,
            "patch": options.patch,
            "outcome": {"kind": outcome.kind, "code": outcome.code},
            "wall_s": round(time.monotonic() - self._start_s, 6),
            "supervisor_cpu_s": round(time.process_time(), 6),
            "variants_cpu_s": round(children.ru_utime + children.ru_stime, 6),
            "processors": len(os.sched_getaffinity(0)),
            "variants": [
                {
                    "tasks": tasks,
                    "calls": sum(self._calls[variant]),
                    "calls_by_name": self._by_name(variant),
                    "stops": stops,
                }
                for variant, (tasks, stops) in enumerate(zip(self.tasks, self.stops, strict=True))
            ],
            **{name: section.statistics() for name, section in self._sections.items()},
        }

    def text(self, options: Options, outcome: Outcome) -> str:
        """The summary for people."""
        content = self.content(options, outcome)
        ended = f"mvx: {outcome.kind} {outcome.code} after {content['wall_s']:.3f} s"
        spent = content["supervisor_cpu_s"], content["variants_cpu_s"]
        lines = [f"{ended}; CPU {spent[0]:.3f} s in mvx, {spent[1]:.3f} s in the variants"]
        for variant, stops in enumerate(self.stops):
            told = ", ".join(f"{count} {kind}" for kind, count in stops.items() if count)
            calls = sum(self._calls[variant])
            lines.append(
                f"  variant {variant}: {calls} calls, {self.tasks[variant]} tasks,"
                f" {sum(stops.values())} stops ({told})"
            )
        for section in self._sections.values():
            lines += [f"  {line}" for line in section.summary()]
        return "\n".join(lines) + "\n"

    def save(self, target: Path, options: Options, outcome: Outcome) -> None:
        """Write the JSON object to a file, or the summary to standard error.

        Raises FileFailed when the file cannot be written.
        """
        if target == STANDARD_ERROR:
            if sys.stderr is not None:
                sys.stderr.write(self.text(options, outcome))
            return
        import json

        text = json.dumps(self.content(options, outcome), indent=1) + "\n"
        try:
            target.write_text(text, encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            message = f"cannot write {target}: {error.strerror}"
            raise FileFailed(message, fix="name a file in a directory where you may write") from (
                error
            )
