"""Everything that the numbers of a benchmark depend on."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from mvx import __version__, waiting
from mvx.bench.contenders import environment


def conditions(asked: argparse.Namespace) -> dict[str, Any]:
    """The machine, the programs' versions, and what was asked for."""
    known: dict[str, Any] = {
        "time": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "processor": _model(),
        "processors": len(os.sched_getaffinity(0)),
        "virtual": text_of("systemd-detect-virt", "--vm") or _hypervisor(),
        "kernel": f"{platform.system()} {platform.release()}",
        "load": load(),
        "mvx": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
    }
    if asked.benchmark == "memory":
        return known | {"rounds": asked.repeat, "command": _command()}
    if asked.benchmark == "attacks":
        options = {"variants": asked.variants, "more options": asked.option}
        return known | options | {"compiler": _compiler(), "command": _command()}
    costs = waiting.costs()
    return known | {
        "strace": text_of("strace", "--version").partition("\n")[0],
        "policies": asked.policy,
        "variants": asked.variants,
        "without patching": asked.no_patch,
        "wait": f"{asked.wait} (wake-up {costs.wake_ns / 1000:.1f} µs, {costs.turns} turns)",
        "more options": asked.option,
        "rounds": asked.repeat,
        "command": _command(),
    }


def _compiler() -> str:
    from mvx.bench.running import compiler

    return text_of(compiler(), "--version").partition("\n")[0]


def load() -> list[float]:
    """The machine's load averages (getloadavg(3))."""
    return [round(value, 2) for value in os.getloadavg()]


def text_of(*words: str) -> str:
    """What a command prints, empty when it fails or is not there."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=10, env=environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _model() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        return next((x.partition(":")[2].strip() for x in lines if x.startswith("model name")), "")
    return ""


def _hypervisor() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:
        return "hypervisor" if " hypervisor " in lines.read() else "no"
    return "unknown"


def _commit() -> str:
    """The commit of a checkout; empty for an installed mvx."""
    home = str(Path(__file__).resolve().parents[3])
    return text_of("git", "-C", home, "describe", "--always", "--dirty")


def _command() -> str:
    return " ".join(["mvx", *sys.argv[1:]])
