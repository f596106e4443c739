"""The sites that programs used in earlier runs, in the user's cache: ``$XDG_CACHE_HOME/mvx/sites``,
by default ``~/.cache/mvx/sites`` (XDG base directory specification).

One file per program, named by the program's build-id, holds for each file of code, by build-id, the
offsets of sites that trapped. It is a hint and no more: a site is patched only if the bytes that
are mapped prove it (tactics.is_proven). Deleting files costs some traps, nothing else.

Directory and files must belong to the user who runs mvx, and nobody else may write them; links are
not followed. Files appear whole: they are written beside their place and renamed. A directory that
cannot be had or trusted means no cache, which only the statistics tell.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import Final

Sites = dict[str, set[int]]
"""File of code, by its key, to the offsets of sites in it."""

_HEADING: Final = "mvx sites 1\n"
_SIZE_LIMIT: Final = 1 << 18
_SITES_LIMIT: Final = 4096
"""In one file of code, and files of code in one program."""
_PROGRAMS_LIMIT: Final = 512
"""Files in the cache; the oldest ones go."""
_KEY: Final = re.compile(r"[0-9a-f]{8,128}|stat-[0-9a-f-]{5,120}")
_OTHERS_WRITE: Final = 0o022


class SiteCache:
    """The cache of one user; without a usable directory it is empty and keeps nothing."""

    def __init__(self, name: str = "sites", *, use: bool = True) -> None:
        """Open the directory of that name, making it where it is missing."""
        self.state = "used" if use else "off"
        """`used`, `off`, or why it cannot be used."""
        self._directory = -1
        if not use:
            return
        try:
            self._directory = _open_directory(name)
        except OSError as error:
            self.state = f"{error.filename or 'cache'}: {error.strerror}"

    def close(self) -> None:
        """Forget the directory."""
        if self._directory >= 0:
            os.close(self._directory)
            self._directory = -1

    def load(self, program: str) -> Sites:
        """What is known of a program; nothing when there is no file, or none to be trusted."""
        if self._directory < 0 or not _KEY.fullmatch(program):
            return {}
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        try:
            descriptor = os.open(program, flags, dir_fd=self._directory)
        except OSError:
            return {}
        try:
            status = os.fstat(descriptor)
            if not (stat.S_ISREG(status.st_mode) and _is_own(status)):
                return {}
            return parse(os.read(descriptor, _SIZE_LIMIT))
        except OSError:
            return {}
        finally:
            os.close(descriptor)

    def save(self, program: str, sites: Sites) -> None:
        """Add to what is known of a program. Failure changes nothing but :attr:`state`."""
        if self._directory < 0 or not _KEY.fullmatch(program):
            return
        merged = self.load(program)
        for key, offsets in sites.items():
            merged.setdefault(key, set()).update(offsets)
        temporary = f".{os.getpid()}-{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(temporary, flags, 0o600, dir_fd=self._directory)
            try:
                with open(descriptor, "wb") as stream:
                    stream.write(render(merged))
                os.rename(
                    temporary, program, src_dir_fd=self._directory, dst_dir_fd=self._directory
                )
            except OSError:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=self._directory)
                raise
            self._prune()
        except OSError as error:
            self.state = f"cannot be written: {error.strerror}"

    def _prune(self) -> None:
        names = [name for name in os.listdir(self._directory) if _KEY.fullmatch(name)]
        if len(names) <= _PROGRAMS_LIMIT:
            return
        ages = {}
        for name in names:
            with contextlib.suppress(OSError):
                status = os.stat(name, dir_fd=self._directory, follow_symlinks=False)
                ages[name] = status.st_mtime_ns
        for name in sorted(ages, key=lambda name: ages[name])[: len(ages) - _PROGRAMS_LIMIT]:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._directory)


def render(sites: Sites) -> bytes:
    """The content of a cache file: a heading, then a line per file of code: key, offsets."""
    lines = [_HEADING]
    for key in sorted(sites)[:_SITES_LIMIT]:
        offsets = " ".join(f"{offset:x}" for offset in sorted(sites[key])[:_SITES_LIMIT])
        lines.append(f"{key} {offsets}\n")
    return "".join(lines).encode("ascii")


def parse(content: bytes) -> Sites:
    """Read such content; whatever is not of that form is left out."""
    text = content.decode("ascii", errors="replace")
    if not text.startswith(_HEADING) or len(content) >= _SIZE_LIMIT:
        return {}
    sites: Sites = {}
    for line in text[len(_HEADING) :].splitlines()[:_SITES_LIMIT]:
        key, *words = line.split(" ")
        if _KEY.fullmatch(key):
            with contextlib.suppress(ValueError):
                offsets = {int(word, 16) for word in words[:_SITES_LIMIT] if len(word) <= 15}
                sites[key] = {offset for offset in offsets if offset >= 0}
    return sites


def _open_directory(name: str) -> int:
    """The cache's directory, which only its user can write. Raises OSError."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            raise FileNotFoundError(2, os.strerror(2), "~")
        root = os.path.join(home, ".cache")
    if os.geteuid() == 0:
        _check_owner(root)
    path = os.path.join(root, "mvx", name)
    os.makedirs(path, mode=0o700, exist_ok=True)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags)
    if not _is_own(os.fstat(descriptor)):
        os.close(descriptor)
        raise PermissionError(1, "others may write it", path)
    return descriptor


def _check_owner(root: str) -> None:
    """Root leaves no files in the home of another user (sudo keeps HOME). Raises OSError."""
    while not os.path.isdir(root):
        root = os.path.dirname(root)
    if os.stat(root).st_uid != 0:
        raise PermissionError(1, "belongs to another user", root)


def _is_own(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
