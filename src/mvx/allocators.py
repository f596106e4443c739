"""Allocators that followers get instead of the C library's: `--allocator NAME`.

The dynamic loader preloads a follower's, as with `heap` (variation.py); the leader keeps its own.
Each is a shared library of the system that replaces malloc and its relatives; `glibc` stands for
the C library's own with other settings (ld.so(8), "Memory Allocation Tunables" of the manual).
"""

from __future__ import annotations

import os
import random
from typing import Final

from mvx.errors import UsageError

GLIBC: Final = "glibc"
_FILES: Final = {
    "jemalloc": ("libjemalloc.so*",),
    "mimalloc": ("libmimalloc.so*", "libmimalloc-secure.so*"),
    "tcmalloc": ("libtcmalloc_minimal.so*", "libtcmalloc.so*"),
    "scudo": ("libscudo.so*",),
    "hardened": ("libhardened_malloc.so*", "libhardened_malloc-light.so*"),
}
"""By name: files, as patterns in one of the folders."""
_FOLDERS: Final = (
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
)
NAMES: Final = (*_FILES, GLIBC)


def find(name: str) -> str:
    """The library of an allocator, by its name here or by its path; "glibc" as it is.

    Raises UsageError.
    """
    if name == GLIBC:
        return name
    if "/" in name:
        path = os.path.abspath(name)
        if not os.path.isfile(path):
            raise UsageError(f"there is no allocator {name}", fix="name a shared library")
        return path
    import glob

    if name not in _FILES:
        fix = f"one of {', '.join(NAMES)}, or the path of a shared library"
        raise UsageError(f"no allocator is called {name}", fix=fix)
    for folder in _FOLDERS:
        for pattern in _FILES[name]:
            for path in sorted(glob.glob(f"{folder}/{pattern}")):
                return path
    raise UsageError(f"{name} is not installed", fix="install its package, or name the library")


def needed(libraries: tuple[str, ...]) -> tuple[str, ...]:
    """The libraries that allocators need, without the C library. All variants load them: else one
    that a program loads later would be there already in some variants.
    """
    files = [library for library in libraries if library != GLIBC]
    if not files:
        return ()
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    names: list[str] = []
    for library in files:
        with open(library, "rb") as stream:
            section = ELFFile(stream).get_section_by_name(".dynamic")
            if isinstance(section, DynamicSection):
                names += [str(getattr(t, "needed", "")) for t in section.iter_tags("DT_NEEDED")]
    left_out = ("libc.so", "ld-linux", "libpthread.so", "libdl.so")
    return tuple(dict.fromkeys(name for name in names if not name.startswith(left_out)))


def settings(choose: random.Random) -> bytes:
    """Settings of glibc's allocator that make it put things elsewhere."""
    values = {
        "top_pad": choose.randrange(0, 1 << 20, 4096),
        "mmap_threshold": choose.randrange(1 << 16, 1 << 18, 16),
        "tcache_count": choose.randrange(8),
        "mxfast": choose.randrange(0, 161, 16),
    }
    return b":".join(b"glibc.malloc.%s=%d" % (k.encode(), v) for k, v in values.items())
