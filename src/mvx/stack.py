"""The initial stack of a new image, read and written anew as a variant is to see it.

What lies there at the first instruction (x86-64 psABI, 3.4.1; create_elf_tables in the kernel's
fs/binfmt_elf.c), from low addresses to high::

    rsp -> argc, argv[], 0, envp[], 0, auxiliary vector     words of 8 bytes
    16 bytes of AT_RANDOM, the string of AT_PLATFORM        (up to 8 KiB of random distance)
    the strings of argv, the strings of envp, the file's name

The strings stay where they are: the kernel shows them as /proc/PID/cmdline and environ, and
programs write titles over them. The words, and what must differ, are written again below them.
"""

from __future__ import annotations

import random
import struct
from typing import Final, NamedTuple

from mvx.errors import InternalError
from mvx.memory import Memory

AT_IGNORE: Final = 1
AT_PHDR: Final = 3
AT_BASE: Final = 7
AT_ENTRY: Final = 9
AT_PLATFORM: Final = 15
AT_BASE_PLATFORM: Final = 24
AT_RANDOM: Final = 25
AT_HWCAP2: Final = 26
AT_EXECFN: Final = 31
AT_SYSINFO_EHDR: Final = 33
FSGSBASE: Final = 1 << 1
"""In AT_HWCAP2: programs may write gs by an instruction (arch/x86/include/uapi/asm/hwcap2.h).
Hidden: gs is the agent's.
"""
RANDOM_SIZE: Final = 16
RESIDUES: Final = 1 << 16
"""How much the low bits of a first stack pointer vary: its lowest two bytes."""
_MARGIN: Final = 32 * 1024
"""What must stay mapped below the first stack pointer: the kernel maps 128 KiB if it may."""
_ENVIRONMENT_MAX: Final = 32 * 1024
_PADDING_MIN: Final = 32
_PADDING_MAX: Final = 96
"""Between strings. Programs that look whether they follow one another, or in the next word, see in
every variant that they do not.
"""
_STRING_MAX: Final = 32 * 4096
_ALIGNMENT: Final = 16
_IGNORED: Final = struct.pack("<2Q", AT_IGNORE, 0)


class Wishes(NamedTuple):
    """How the new stack is to differ from the kernel's."""

    shift: int
    """Bytes by which the whole stack has moved."""
    residue: int | None
    """The low bits of the stack pointer, as far as there is room; None: it stays."""
    canary: bytes | None
    """Other bytes for AT_RANDOM."""
    environment: random.Random | None
    """From which order and distances of the environment's strings follow; None: they stay."""
    program: bytes
    """The file's name as the program is to see it; empty: as it is."""
    loader: tuple[bytes, ...]
    """Entries of the environment for the loader only, an even number of them."""
    auxiliary: dict[int, int]
    """Values of the auxiliary vector that change, and new ones for the loader only."""


class NewStack(NamedTuple):
    """The new stack pointer and what lies there; `withdrawn`, addresses and bytes, is written over
    what only the loader was to see, once that has run. `vector`: the auxiliary vector that is left
    then.
    """

    pointer: int
    content: bytes
    withdrawn: tuple[tuple[int, bytes], ...] = ()
    vector: bytes = b""


class InitialStack:
    """The stack of an image that has not begun to run."""

    def __init__(self, memory: Memory, pointer: int) -> None:
        """Find arguments, environment and auxiliary vector; `pointer` is the first rsp."""
        self._memory = memory
        self.pointer = pointer
        words = _Words(memory, pointer)
        count = words.upto(1)[0]
        strings = 1 + count + 1
        environment_end = words.find(0, strings)
        self._arguments = list(words.upto(strings)[1 : 1 + count])
        self._environment = list(words.upto(environment_end)[strings:environment_end])
        vector_end = words.find(0, environment_end + 1, 2)
        vector = words.upto(vector_end)[environment_end + 1 : vector_end]
        self._auxiliary = list(zip(vector[::2], vector[1::2], strict=True))
        self._values = dict(self._auxiliary)

    def auxiliary(self, kind: int) -> int:
        """The value of an entry of the auxiliary vector, 0 if there is none."""
        return self._values.get(kind, 0)

    def variable(self, name: bytes) -> bytes:
        """The value of the last environment entry of that name, empty if there is none."""
        value = b""
        for address in self._environment:
            entry = self._string(address)
            if entry.startswith(name + b"="):
                value = entry[len(name) + 1 :]
        return value

    def rebuild(self, wishes: Wishes, lowest: int) -> NewStack:
        """The words as wished for; `lowest` is the lowest mapped address (before the shift)."""
        assert len(wishes.loader) % 2 == 0
        data = _Data()
        environment = self._environment_places(wishes, data)
        loader = [data.add(entry + b"\0") for entry in wishes.loader]
        auxiliary = self._auxiliary_places(wishes, data)
        count = 3 + len(self._arguments) + len(environment) + len(loader) + 2 * len(auxiliary) + 2
        size = 8 * count + len(data.content)
        pointer = self._place(self._strings() - size, wishes, lowest)
        start = pointer + wishes.shift + 8 * count
        words = [len(self._arguments), *(each + wishes.shift for each in self._arguments), 0]
        words += [start + each.offset if isinstance(each, _Place) else each for each in environment]
        withdrawn = []
        if loader:
            # The array ends earlier; the auxiliary vector then begins with what is to be ignored.
            ignored = struct.pack("<Q", 0) + _IGNORED * (len(loader) // 2)
            withdrawn.append((pointer + wishes.shift + 8 * len(words), ignored))
        words += [start + place.offset for place in loader]
        words.append(0)
        known = {AT_IGNORE, *self._values}
        seen = b""
        for kind, value in auxiliary:
            pair = (kind, start + value.offset if isinstance(value, _Place) else value)
            if kind not in known:
                withdrawn.append((pointer + wishes.shift + 8 * len(words), _IGNORED))
            else:
                seen += struct.pack("<2Q", *pair)
            words += pair
        words += [0, 0]
        content = struct.pack(f"<{count}Q", *words) + bytes(data.content)
        vector = seen + bytes(16)
        return NewStack(pointer + wishes.shift, content, tuple(withdrawn), vector)

    def _strings(self) -> int:
        """Where the strings begin: below them, all that the kernel wrote is written again."""
        found = [*self._arguments, *self._environment, self.auxiliary(AT_EXECFN)]
        return min((each for each in found if each), default=self.pointer)

    def _place(self, highest: int, wishes: Wishes, lowest: int) -> int:
        """The stack pointer, before the shift: as high as the residue allows."""
        if wishes.residue is None:
            return min(highest, self.pointer) & -_ALIGNMENT
        for modulus in (RESIDUES, 4096):
            wanted = wishes.residue % modulus
            pointer = highest - (highest + wishes.shift - wanted) % modulus
            if pointer - _MARGIN >= lowest:
                return pointer
        return highest & -_ALIGNMENT

    def _environment_places(self, wishes: Wishes, data: _Data) -> list[_Place | int]:
        kept: list[_Place | int] = [address + wishes.shift for address in self._environment]
        if wishes.environment is None:
            return kept
        order = list(range(len(kept)))
        wishes.environment.shuffle(order)
        strings = [self._string(address) + b"\0" for address in self._environment]
        if sum(map(len, strings)) + _PADDING_MAX * len(strings) > _ENVIRONMENT_MAX:
            return kept
        for index in order:
            data.add(bytes(wishes.environment.randrange(_PADDING_MIN, _PADDING_MAX)))
            kept[index] = data.add(strings[index])
        return kept

    def _auxiliary_places(self, wishes: Wishes, data: _Data) -> list[tuple[int, _Place | int]]:
        found: list[tuple[int, _Place | int]] = []
        for kind, value in self._auxiliary:
            place: _Place | int = wishes.auxiliary.get(kind, value)
            if kind == AT_RANDOM:
                data.align()
                place = data.add(wishes.canary or self._memory.read(value, RANDOM_SIZE))
            elif kind in (AT_PLATFORM, AT_BASE_PLATFORM):
                place = data.add(self._string(value) + b"\0")
            elif kind == AT_HWCAP2:
                place = value & ~FSGSBASE
            elif kind == AT_EXECFN:
                name = wishes.program
                place = data.add(name + b"\0") if name else value + wishes.shift
            found.append((AT_IGNORE, 0) if kind == AT_SYSINFO_EHDR else (kind, place))
        new = wishes.auxiliary.items()
        found += [(kind, value) for kind, value in new if kind not in self._values]
        return found

    def _string(self, address: int) -> bytes:
        content = b""
        while b"\0" not in content and len(content) < _STRING_MAX:
            piece = self._memory.readable(address + len(content), 256)
            if not piece:
                break
            content += piece
        return content.partition(b"\0")[0]


class _Place(NamedTuple):
    """A place in the data behind the words."""

    offset: int


class _Data:
    """Bytes that the words point at; its first byte follows the last word."""

    def __init__(self) -> None:
        self.content = bytearray()

    def add(self, content: bytes) -> _Place:
        place = _Place(len(self.content))
        self.content += content
        return place

    def align(self) -> None:
        self.content += bytes(-len(self.content) % _ALIGNMENT)


class _Words:
    """The 64-bit words of a new stack, read in pieces as needed."""

    def __init__(self, memory: Memory, start: int) -> None:
        self._memory = memory
        self._start = start
        self._words: tuple[int, ...] = ()

    def upto(self, count: int) -> tuple[int, ...]:
        """The first `count` words, and maybe more."""
        while len(self._words) < count:
            self._extend()
        return self._words

    def find(self, wanted: int, start: int, step: int = 1) -> int:
        """The first index, of `start` and every `step` on, of a word."""
        while True:
            try:
                return start + step * self._words[start::step].index(wanted)
            except ValueError:
                self._extend()

    def _extend(self) -> None:
        content = self._memory.read(self._start + 8 * len(self._words), 4096)
        if len(content) < 8:
            message = "the new stack ends inside its auxiliary vector"
            raise InternalError(message)
        self._words += struct.unpack(f"<{len(content) // 8}Q", content[: len(content) // 8 * 8])
