"""Which file each variant executes: the same, or one of its own (`--variant`).

A program that executes itself again, by whatever name, is the same program: files are known by
device and inode. Followers get the path of theirs in place of the leader's; what the program can
see of it stays the leader's: argv, AT_EXECFN (stack.py), and, once the loader has done its work,
what /proc/self/exe links to. Until then (entry.py) each variant looks up files for itself, since
loaders of different programs search for different libraries in different places.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.options import Options
    from mvx.tasks import Task

_EXECVE: Final = 59
_SCRATCH: Final = 0x1000
_SCRATCH_SIZE: Final = 0x1000
"""Where in a task slot the path lies: past struct task and births' arguments, far below the agent's
stack.
"""


class Programs:
    """The files of one run's variants."""

    def __init__(self, options: Options) -> None:
        """Look at the files once; whoever exchanges them later is not followed."""
        self._paths = (options.program, *options.programs)
        self._paths += (options.program,) * (options.variants - len(self._paths))
        self._differ = bool(options.programs)
        self._known = {_identity(path) for path in self._paths} if self._differ else set()
        self._absolute = [os.fsencode(os.path.abspath(path)) for path in self._paths]

    def first(self, variant: int) -> str:
        """The file that a variant executes first."""
        return self._paths[variant]

    def loads_own(self, task: Task) -> bool:
        """Whether a task that has executed a file runs one of which variants have their own."""
        if not self._differ:
            return False
        try:
            return _identity(f"/proc/{task.tid}/exe") in self._known
        except OSError:
            return False

    def substitute(self, task: Task, program: Registers, path: bytes) -> None:
        """Give a follower that executes one of these files its own; `path`: the argument."""
        if not self._differ or program.orig_rax != _EXECVE:
            return
        own = self._absolute[task.variant.index]
        if len(own) >= _SCRATCH_SIZE or not self._is_known(task.tid, path):
            return
        assert task.space is not None
        place = task.slot_address + _SCRATCH
        task.space.memory.write(place, own + b"\0")
        program.rdi = place
        task.program = path

    def _is_known(self, tid: int, path: bytes) -> bool:
        name = os.fsdecode(path)
        if name.startswith("/proc/self/"):
            return False  # the variant's own already
        seen = f"/proc/{tid}/root{name}" if name.startswith("/") else f"/proc/{tid}/cwd/{name}"
        try:
            return _identity(seen) in self._known
        except OSError:
            return False


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
