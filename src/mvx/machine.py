"""What was measured of this machine, kept for as long as it runs.

A measurement of a millisecond is made once per boot instead of at every start: the file is
``$XDG_CACHE_HOME/mvx/machine.json`` (``~/.cache`` where that is not set). It is safe to delete. It
is not trusted: what is not a number within the bounds that the asker names is measured again, so
that a wrong file can make mvx slow, and nothing else. Without a place to keep it, every start
measures.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

_FORMAT: Final = 1
_SIZE_MAX: Final = 1 << 16
_BOOT: Final = "/proc/sys/kernel/random/boot_id"

Bounds = Mapping[str, tuple[float, float]]
"""The lowest and the highest value of each number that are believed."""


def recall(
    name: str, bounds: Bounds, measure: Callable[[], Mapping[str, float]]
) -> dict[str, float]:
    """The numbers of `name`: those kept since the machine started, or measured now and kept."""
    kept = _read()
    values = _believed(kept.get(name), bounds)
    if values is None:
        values = dict(measure())
        _write({**kept, name: values})
    return values


def place() -> str:
    """The file's path, empty for a user who has no place for it."""
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(folder):
        home = os.environ.get("HOME", "")
        folder = f"{home}/.cache" if os.path.isabs(home) else ""
    return f"{folder}/mvx/machine.json" if folder else ""


def _signature() -> list[object]:
    """What makes old numbers worthless: another boot, other CPUs to run on, another format."""
    with open(_BOOT, encoding="ascii") as stream:
        return [_FORMAT, stream.read().strip(), sorted(os.sched_getaffinity(0))]


def _read() -> dict[str, object]:
    try:
        with open(place(), "rb") as stream:
            document = json.loads(stream.read(_SIZE_MAX))
        if document["signature"] == _signature():
            measured = document["measured"]
            return measured if isinstance(measured, dict) else {}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    return {}


def _write(measured: Mapping[str, object]) -> None:
    import tempfile

    target = place()
    if not target:
        return
    folder = os.path.dirname(target)
    with suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        document = {"signature": _signature(), "measured": measured}
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                json.dump(document, stream)
            os.replace(name, target)
        except OSError:
            os.unlink(name)
            raise


def _believed(values: object, bounds: Bounds) -> dict[str, float] | None:
    if not isinstance(values, dict) or values.keys() != bounds.keys():
        return None
    for name, (low, high) in bounds.items():
        value = values[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not (math.isfinite(value) and low <= value <= high):
            return None
    return {str(name): float(value) for name, value in values.items()}
