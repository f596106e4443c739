"""How soon and in which way signals were delivered: `--signals-stats`, and the section `signals` of
the statistics.

The delay of a signal runs from the kernel's notification (the leader's signal-delivery-stop) to the
moment at which the last variant is let go into its handler.
"""

from __future__ import annotations

from typing import Final

BUCKETS_US: Final = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)
"""Upper ends of the histogram's buckets; one more holds everything beyond."""
WAYS: Final = {
    "at_call": "at a call that every variant makes",
    "between_calls": "between two calls, where the variants computed",
    "pending": "kept until enough variants had their copies (quorum)",
    "waited": "variants at their next call waited for their own copy of it (quorum)",
}
_KEPT: Final = 100_000
"""Delays kept per signal for the percentiles; later ones are counted in the histogram only."""


class Signals:
    """The numbers of one signal."""

    def __init__(self) -> None:
        self.ways = dict.fromkeys(WAYS, 0)
        self.histogram = [0] * (len(BUCKETS_US) + 1)
        self.delays_us: list[float] = []
        self.total_us = 0.0
        self.longest_us = 0.0

    @property
    def count(self) -> int:
        """How often it was delivered."""
        return sum(self.ways.values())

    def add(self, way: str, delay_us: float) -> None:
        """Count one delivery."""
        self.ways[way] += 1
        bucket = next((i for i, end in enumerate(BUCKETS_US) if delay_us <= end), len(BUCKETS_US))
        self.histogram[bucket] += 1
        self.total_us += delay_us
        self.longest_us = max(self.longest_us, delay_us)
        if len(self.delays_us) < _KEPT:
            self.delays_us.append(delay_us)

    def percentile(self, share: float) -> float:
        """The delay that this share of the deliveries did not exceed."""
        ordered = sorted(self.delays_us)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Delays:
    """A section of the statistics: the delivered signals of one run."""

    def __init__(self) -> None:
        self._signals: dict[int, Signals] = {}
        self.exact = 0
        """Deliveries between calls at the same instruction and state in all variants."""
        self.inexact = 0
        """Deliveries between the same two calls, but not so."""
        self.by_loop = 0
        """Deliveries between calls that the loop in C made (ticks.py)."""
        self.noncompliant = 0
        """Variants whose copy of a signal did not come in time (quorum)."""

    def delivered(self, number: int, way: str, delay_ns: int) -> None:
        """The last variant is about to run its handler, so long after the signal was noticed."""
        self._signals.setdefault(number, Signals()).add(way, delay_ns / 1000)

    def statistics(self) -> dict[str, object]:
        """Per signal: deliveries by way, and their delays in microseconds."""
        return {
            "bucket_ends_us": list(BUCKETS_US),
            "noncompliant_waits": self.noncompliant,
            "exact": self.exact,
            "inexact": self.inexact,
            "by_loop": self.by_loop,
            "delivered": [
                {
                    "number": number,
                    "name": _name(number),
                    "count": numbers.count,
                    "ways": numbers.ways,
                    "delay_us": {
                        "mean": round(numbers.total_us / numbers.count, 1),
                        "p50": round(numbers.percentile(0.5), 1),
                        "p99": round(numbers.percentile(0.99), 1),
                        "max": round(numbers.longest_us, 1),
                    },
                    "histogram": numbers.histogram,
                }
                for number, numbers in sorted(self._signals.items())
            ],
        }

    def summary(self) -> list[str]:
        """One line per signal."""
        lines = []
        for number, numbers in sorted(self._signals.items()):
            ways = ", ".join(
                f"{count} {way.replace('_', ' ')}" for way, count in numbers.ways.items() if count
            )
            lines.append(
                f"{_name(number)}: {numbers.count} delivered ({ways}), delay mean"
                f" {numbers.total_us / numbers.count:.0f} us,"
                f" p50 {numbers.percentile(0.5):.0f}, p99 {numbers.percentile(0.99):.0f},"
                f" max {numbers.longest_us:.0f}"
            )
        if self.exact or self.inexact:
            lines.append(
                f"between calls: {self.exact} at the same instruction in all variants,"
                f" {self.inexact} not"
            )
        if self.noncompliant:
            lines.append(f"{self.noncompliant} waits for a signal's copy were not complied with")
        return lines

    def table(self) -> str:
        """What `--signals-stats` prints: the summary, and the histogram of each signal."""
        if not self._signals:
            return "mvx: no signal was delivered to a handler\n"
        lines = ["mvx: signals"]
        lines += [f"  {line}" for line in self.summary()]
        ends = [*(f"{end} us" for end in BUCKETS_US), "more"]
        lines.append("  delay up to  " + " ".join(f"{_name(n):>10}" for n in sorted(self._signals)))
        for index, end in enumerate(ends):
            row = [self._signals[n].histogram[index] for n in sorted(self._signals)]
            if any(row):
                lines.append(f"  {end:>11}  " + " ".join(f"{count:>10}" for count in row))
        return "\n".join(lines) + "\n"


def _name(number: int) -> str:
    from mvx.specification.text import signal_name

    return signal_name(number)
