"""Run programs with several threads again and again: is there a false alarm?

    python tests/soak.py [--repetitions 20] [-n 2] [--seconds 1] [NAME...]
    python tests/soak.py --mix 10 [-n 2] [--option=--signals=quorum]

The second form runs the hard mix of signals for so many minutes.

Each is a workload of `real/workloads.py`: it runs natively once, and then so often under mvx, and
has to show and leave the same. A line per program tells how many runs there were, how many diverged
and how many were otherwise not as natively, and the time of a run, natively and under mvx. What
failed is shown below it. The exit status is 0 when nothing failed.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from real.trials import Ground
from real.workloads import WORKLOADS, Workload

DIVERGED = 121
SHOWN_LINES = 12


def soak(
    workload: Workload, folder: Path, mvx: list[str], repetitions: int, seconds: float = math.inf
) -> bool:
    """Run one workload so often, or for so long; print its line, and what failed."""
    ground = Ground(workload, folder)
    start = time.monotonic()
    native = ground.trial()
    natively_s = time.monotonic() - start
    times_s, failures = [], []
    diverged = 0
    end = time.monotonic() + seconds
    for _ in range(repetitions):
        start = time.monotonic()
        if start >= end:
            break
        try:
            differences = ground.trial(mvx).differences(native)
        except AssertionError as error:  # not done in time
            differences = [str(error)]
        times_s.append(time.monotonic() - start)
        if differences:
            text = "\n".join(differences)
            diverged += "mvx: divergence" in text
            failures.append(text)
    print(
        f"{workload.name:32} {len(times_s):5} {diverged:9} {len(failures) - diverged:6}"
        f" {natively_s:9.2f} {statistics.median(times_s):9.2f}",
        flush=True,
    )
    for text in failures[:2]:
        print("\n".join(f"    {line}" for line in text.splitlines()[:SHOWN_LINES]), flush=True)
    return not failures


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads (default: threads)")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("-n", "--variants", default="2")
    parser.add_argument("--seconds", default="1", help="how long servers are loaded each time")
    parser.add_argument("--mvx", type=shlex.split, default=[sys.executable, "-m", "mvx", "run"])
    parser.add_argument("--option", action="append", default=[], help="one more word for mvx run")
    parser.add_argument("--mix", type=float, metavar="MINUTES", help="the hard mix of signals")
    asked = parser.parse_args()
    known = {workload.name: workload for workload in WORKLOADS}
    names = asked.names or [
        workload.name
        for workload in WORKLOADS
        if (workload.signals if asked.mix else workload.threads)
    ]
    seconds = 60 * asked.mix / len(names) if asked.mix else math.inf
    repetitions = sys.maxsize if asked.mix else asked.repetitions
    mvx = [*asked.mvx, "-n", asked.variants, *asked.option, "--"]
    print(f"{'program':32} {'runs':>5} {'diverged':>9} {'other':>6} {'native s':>9} {'mvx s':>9}")
    good = True
    for name in names:
        workload = known[name]
        if missing := workload.missing():
            print(f"{name:32} not installed: {' '.join(missing.values())}")
            continue
        settings = dict(workload.settings)
        if "SECONDS_OF_LOAD" in settings:
            settings["SECONDS_OF_LOAD"] = asked.seconds
        workload = dataclasses.replace(
            workload, settings=settings, limit_s=workload.limit_s + float(asked.seconds)
        )
        folder = Path(tempfile.mkdtemp(prefix="soak-"))
        folder.chmod(0o755)
        try:
            good &= soak(workload, folder, mvx, repetitions, seconds)
        finally:
            shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
