"""Who runs: the native program, mvx with each number of variants and each policy, strace."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

NATIVE = "native"


@dataclasses.dataclass(frozen=True)
class Contender:
    """One way to run a program."""

    name: str
    prefix: tuple[str, ...] = ()
    slow: bool = False
    """Every call stops in a tracer, or there are more variants than processors: it gets less to do
    where a row measures single calls.
    """
    group: bool = False
    """A signal that ends it goes to its process group: it does not pass signals on itself."""


def contenders(asked: argparse.Namespace) -> Iterator[Contender]:
    """All that were asked for."""
    yield Contender(NATIVE, group=True)
    command = asked.mvx or own_command()
    for policy in asked.policy:
        for variants in asked.variants:
            if variants > 1 or policy == asked.policy[0]:
                yield _mvx(command, asked, variants, policy)
    for names in asked.diversify:
        # The default set is what the others are to be compared with: all with two variants.
        one = _mvx(command, asked, max(2, min(asked.variants)), asked.policy[0])
        words = (*one.prefix[:-1], "--diversify", names, "--")
        yield dataclasses.replace(one, name=f"{one.name} {names}", prefix=words)
    for variants in asked.no_patch:
        yield _mvx(command, asked, variants, asked.policy[0], patch=False)
    strace = shutil.which("strace")
    if strace and asked.strace:
        yield Contender("strace", (strace, "-f", "-o", "/dev/null"), slow=True, group=True)


def _mvx(
    command: list[str], asked: argparse.Namespace, variants: int, policy: str, *, patch: bool = True
) -> Contender:
    words = ["-n", str(variants), "--policy", policy, "--wait", asked.wait]
    name = f"mvx -n {variants}"
    if variants > 1 and (policy != "effects" or len(asked.policy) > 1):
        name += f" {policy}"
    if not patch:
        words.append("--no-patch")
        name += " no-patch"
    crowded = variants > len(os.sched_getaffinity(0))
    prefix = (*command, "run", *words, *asked.option, "--")
    return Contender(name, prefix, slow=crowded or not patch)


def own_command() -> list[str]:
    """The command that runs this very mvx, installed or not."""
    home = str(Path(__file__).resolve().parents[2])
    if home.endswith(("site-packages", "dist-packages")):
        return [sys.executable, "-m", "mvx"]
    code = f"import sys; sys.path.insert(0, {home!r}); from mvx.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code]


def environment() -> dict[str, str]:
    """What all contenders get. Python may keep its compiled modules, as it does by default: without
    them every start of mvx would compile mvx.
    """
    mine = {**os.environ, "LC_ALL": "C"}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return mine
