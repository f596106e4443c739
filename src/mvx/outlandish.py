"""Programs that the kernel would execute and mvx cannot: 32-bit ones, and those of the x32 ABI.

Only the exec fails, with the error of a kernel that is built without such programs (ENOEXEC): the
caller goes on, as `ldd` does, which tries the loader of every ABI. The file is looked at before the
leader asks the kernel. Should another one come to lie at the path meanwhile, the new image is found
out when the agent is put into it (injection.py), and the run ends.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from mvx.elf import MAGIC

_AT_FDCWD: Final = -100
_AT_EMPTY_PATH: Final = 0x1000
_CLASS_32: Final = 1
_LITTLE_ENDIAN: Final = 1
_MACHINES: Final = {3: "a 32-bit program", 62: "a program of the x32 ABI"}
"""EM_386 and EM_X86_64, in an ELF file of class 32 (elf(5))."""
_MACHINE: Final = slice(18, 20)
_START_BYTES: Final = 256
"""What the kernel reads of a file to find out what it is (BINPRM_BUF_SIZE of linux/binfmts.h)."""
_SCRIPTS_MAX: Final = 5
"""How many scripts may be each other's interpreters (linux/fs/exec.c)."""


def find(tid: int, path: bytes, folder: int = _AT_FDCWD, flags: int = 0) -> str:
    """Tell what no variant can execute: "FILE is a 32-bit program"; empty if nothing stands
    against it, or if the kernel will refuse the file itself.

    `tid` is the task that asks; `folder` and `flags` are those of execveat(2).
    """
    name = os.fsdecode(path)
    place = f"/proc/{tid}/cwd" if folder == _AT_FDCWD else f"/proc/{tid}/fd/{folder}"
    with suppress(OSError, ValueError):
        if not name and flags & _AT_EMPTY_PATH:
            return _look(tid, place, "", "the file")
        for _ in range(_SCRIPTS_MAX):
            what = _look(tid, place, name, name)
            if not what.startswith("#!"):
                return what
            name = what[2:]
    return ""


def _look(tid: int, place: str, name: str, shown: str) -> str:
    """What stands against a file, or "#!" and the name of its interpreter."""
    if name.startswith("/proc/self/"):
        where = f"/proc/{tid}/{name.removeprefix('/proc/self/')}"
    elif name.startswith("/"):
        where = f"/proc/{tid}/root{name}"
    else:
        where = f"{place}/{name}" if name else place
    file = os.open(where, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        executable = os.fstat(file).st_mode & 0o111
        start = os.pread(file, _START_BYTES, 0)
    finally:
        os.close(file)
    if start.startswith(b"#!"):
        words = start[2:].partition(b"\n")[0].replace(b"\t", b" ").split()
        return "#!" + os.fsdecode(words[0]) if words else ""
    if not executable or start[:6] != MAGIC + bytes([_CLASS_32, _LITTLE_ENDIAN]):
        return ""
    what = _MACHINES.get(int.from_bytes(start[_MACHINE], "little"))
    return f"{shown} is {what}" if what else ""
