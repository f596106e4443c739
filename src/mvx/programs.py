"""Which file each variant executes: the same, or one of its own.

A variant's own file is named by `--variant`, or lies beside the program, as ``.mvx/K/NAME``, where
`mvx cc` puts it; its build-id shows that it belongs to the program (:func:`variant_id`). A program
that executes itself again, by whatever name, is the same program. Followers get the path of theirs
in place of the leader's; what the program can see of it stays the leader's: argv, AT_EXECFN
(stack.py), and, once the loader has done its work, what /proc/self/exe links to. Until then
(entry.py) each variant looks up files for itself, since loaders of different programs search for
different libraries in different places.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from mvx import elf
from mvx.elf import HEADER, PROGRAM_HEADER, PT_NOTE
from mvx.tasks import SCRATCH_SIZE

if TYPE_CHECKING:
    from mvx.kernel import Registers
    from mvx.options import Options
    from mvx.tasks import Task

FOLDER: Final = ".mvx"
_VARIANTS_MAX: Final = 16
_EXECVE: Final = 59
_NOTES_MAX: Final = 65536


class Programs:
    """The files of one run's variants."""

    def __init__(self, options: Options) -> None:
        """Look at the files once; whoever exchanges them later is not followed."""
        self._count = options.variants
        self._program = options.program
        paths = (options.program, *options.programs)
        self._paths = (*paths, *[options.program] * (options.variants - len(paths)))
        self._known: dict[tuple[int, int], tuple[str, ...]] = {}
        if options.programs:
            absolute = tuple(os.path.abspath(path) for path in self._paths)
            self._known = dict.fromkeys((_identity(path) for path in self._paths), absolute)

    def first(self, variant: int) -> str:
        """The file that a variant executes first."""
        return self._paths[variant]

    def all_first(self) -> tuple[str, ...]:
        """The files that the variants execute first."""
        return self._paths

    def loads_own(self, task: Task) -> bool:
        """Whether a task that has executed a file runs one of which variants have their own."""
        if self._count == 1:
            return False
        try:
            return bool(self._variants(f"/proc/{task.tid}/exe"))
        except OSError:
            return False

    def substitute(self, task: Task, program: Registers, path: bytes) -> None:
        """Give a follower that executes a file its own of it; `path`: the argument."""
        name = os.fsdecode(path)
        if program.orig_rax != _EXECVE or name.startswith("/proc/self/"):
            return  # by /proc/self/exe it is the variant's own already
        seen = f"/proc/{task.tid}/root{name}" if name.startswith("/") else name
        if seen is name:
            seen = f"/proc/{task.tid}/cwd/{name}"
        try:
            if os.readlink(f"/proc/{task.tid}/root") != "/":
                return
            paths = self._variants(seen)
        except OSError:
            return
        own = os.fsencode(paths[task.variant.index]) if paths else b""
        if not own or len(own) >= SCRATCH_SIZE:
            return
        assert task.space is not None
        place = task.scratch_address
        task.space.memory.write(place, own + b"\0")
        program.rdi = place
        task.program = path

    def _variants(self, path: str) -> tuple[str, ...]:
        """What each variant executes for a file, or one of its variants; empty: all the same."""
        identity = _identity(path)
        if identity not in self._known:
            leader = os.path.realpath(path)
            folder, name = os.path.split(leader)
            above, number = os.path.split(folder)
            if os.path.basename(above) == FOLDER and number.isdigit():
                leader = os.path.join(os.path.dirname(above), name)
            others = found(leader)[: self._count - 1]
            paths = (leader, *others, *[leader] * (self._count - 1 - len(others)))
            self._known[identity] = paths if others else ()
        return self._known[identity]


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def found(program: str) -> tuple[str, ...]:
    """The variants of a program that lie beside it, in their order."""
    folder, name = os.path.split(os.path.realpath(program))
    beside = os.path.join(folder, FOLDER)
    if not os.path.isdir(beside):
        return ()
    identity = build_id(program)
    paths: list[str] = []
    for number in range(1, _VARIANTS_MAX):
        path = os.path.join(beside, str(number), name)
        own = build_id(path) if identity and os.path.isfile(path) else None
        if own is None or identity is None or own.hex() != variant_id(identity, number):
            break
        paths.append(path)
    return tuple(paths)


def variant_id(leader: bytes, variant: int) -> str:
    """The build-id of a variant of the program that has that build-id, in hexadecimal."""
    import hashlib

    return hashlib.sha256(leader + bytes([variant])).hexdigest()[:40]


def build_id(path: str) -> bytes | None:
    """The build-id of an ELF file (its note NT_GNU_BUILD_ID), None if it has none."""
    try:
        with open(path, "rb") as stream:
            header = stream.read(HEADER.size)
            if not header.startswith(b"\x7fELF") or len(header) < HEADER.size:
                return None
            fields = HEADER.unpack(header)
            start, size, count = fields[5], fields[9], fields[10]
            if size != PROGRAM_HEADER.size:
                return None
            stream.seek(start)
            table = stream.read(size * count)
            for kind, _, offset, _, _, length, *_ in PROGRAM_HEADER.iter_unpack(
                table[: len(table) // size * size]
            ):
                if kind == PT_NOTE:
                    stream.seek(offset)
                    identity = elf.build_id(stream.read(min(length, _NOTES_MAX)))
                    if identity:
                        return identity
    except (OSError, ValueError, OverflowError):
        return None
    return None
