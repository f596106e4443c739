"""The statistics of patching: what was patched, and which sites went on trapping."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, Final

from mvx.sitecache import SiteCache

if TYPE_CHECKING:
    from mvx.code import CodeFile
    from mvx.symbols import Images

_LISTED: Final = 50
_TOLD: Final = 3
_GENERATED: Final = "[generated]"
"""In place of a file: code that the program wrote itself, or that is gone."""
TACTICS: Final = ("known", "padded", "punned")


class SiteReport:
    """Counts what the patching did; a section of the statistics."""

    def __init__(self, variants: int, cache: SiteCache) -> None:
        """Nothing has happened."""
        self.patched = [dict.fromkeys(TACTICS, 0) for _ in range(variants)]
        """Per variant: sites patched, in all its address spaces together."""
        self._cache = cache
        self._files: dict[str, str] = {}
        self._traps: dict[tuple[str, int], int] = {}
        self._patched: set[tuple[str, int]] = set()

    def traps(self, file: CodeFile | None, place: int, count: int, *, patched: bool) -> None:
        """A site trapped so often in an address space, and was patched there or not."""
        key = file.key if file is not None else _GENERATED
        self._files[key] = file.path if file is not None else _GENERATED
        site = key, place if file is not None else 0
        self._traps[site] = self._traps.get(site, 0) + count
        if patched:
            self._patched.add(site)

    def statistics(self) -> dict[str, object]:
        """The section's value."""
        unpatched = self._unpatched()
        images: Images = {}
        return {
            "cache": self._cache.state,
            "patched": self.patched,
            "traps": sum(self._traps.values()),
            "unpatched_sites": len(unpatched),
            "unpatched": [
                {
                    "file": self._files[key],
                    "offset": place,
                    "symbol": _symbol(self._files[key], key, place, images),
                    "traps": count,
                }
                for (key, place), count in unpatched[:_LISTED]
            ],
        }

    def summary(self) -> list[str]:
        """The same as text, as far as it is of interest."""
        total = {tactic: sum(variant[tactic] for variant in self.patched) for tactic in TACTICS}
        told = ", ".join(f"{count} {tactic}" for tactic, count in total.items() if count)
        lines = [f"sites patched: {told or 'none'}; cache {self._cache.state}"]
        images: Images = {}
        for (key, place), count in self._unpatched()[:_TOLD]:
            path = self._files[key]
            symbol = _symbol(path, key, place, images)
            name = f" ({symbol})" if symbol else ""
            lines.append(f"unpatched: {count} traps at {path}+{place:#x}{name}")
        return lines

    def _unpatched(self) -> list[tuple[tuple[str, int], int]]:
        """Sites that were patched nowhere, most traps first."""
        found = [item for item in self._traps.items() if item[0] not in self._patched]
        return sorted(found, key=lambda item: (-item[1], item[0]))


def _symbol(path: str, key: str, place: int, images: Images) -> str:
    """The function at a file offset, with the distance, or nothing."""
    if path == _GENERATED:
        return ""
    from mvx.symbols import Image

    with contextlib.suppress(OSError, ValueError, struct.error):
        image = Image.open(path, images)
        if key.startswith("stat-") or image.build_id == key:
            address = image.linked(place, executable=True)
            found = image.function(address) if address is not None else None
            if address is not None and found is not None:
                return f"{found[0]}+{address - found[1]:#x}"
    return ""
