"""A running victim as its attacker sees it: its port or standard input, and the addresses in it.

He reads these from /proc/PID/maps and /proc/PID/mem; that stands for any leak. Under mvx he gets
those of one variant of his choice.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection

PORT_LIMIT_S = 20
REPLY_LIMIT_S = 3


class VictimFailedError(Exception):
    """A victim is not as it must be before it can be attacked."""


class Victim:
    """A running program of `sources`, natively or under mvx."""

    def __init__(
        self, command: Sequence[str], program: Path, place: Path, variant: int = 0
    ) -> None:
        """Start it and wait for its first line: its port, or that it reads its standard input.

        `variant`: whose addresses the attacker knows. Raises VictimFailedError.
        """
        self.program = program
        self.place = place
        self.received = b""
        self.attempts = 0
        self.allowed_lines = 0
        """How many lines of the marker come of a call that all variants made alike."""
        with (place / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=place,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], PORT_LIMIT_S)[0]
        line = self._process.stdout.readline() if ready else b""
        if not line.strip().isdigit() and line != b"ready\n":
            self.kill()
            raise VictimFailedError(f"it does not start: {self.errors}")
        self._port = int(line) if line != b"ready\n" else 0
        self.number = [*self._numbers(), *[0] * (variant + 1)][variant]
        """The process whose addresses the attacker knows; 0: it is gone already."""

    def _numbers(self) -> list[int]:
        """Find the victim's processes; without its children there is one per variant.

        Variants may be other files of that name (`mvx cc`).
        """
        found = []
        for entry in os.listdir("/proc"):
            try:
                file, where = (Path(os.readlink(f"/proc/{entry}/{n}")) for n in ("exe", "cwd"))
                if (file.name, where) == (self.program.name, self.place):
                    found.append(int(entry))
            except OSError:
                continue
        return sorted(found)

    # Addresses

    def base(self, file: str) -> int:
        """Return the address at which a file is mapped, known by the end of its name."""
        for line in Path(f"/proc/{self.number}/maps").read_text().splitlines():
            if line.endswith(file):
                return int(line.partition("-")[0], 16)
        raise VictimFailedError(f"{file} is not mapped")

    def mappings(self, access: str) -> list[int]:
        """Return the addresses of the anonymous mappings with that access."""
        lines = Path(f"/proc/{self.number}/maps").read_text().splitlines()
        fields = [line.split() for line in lines]
        anonymous = [access, "00000000", "00:00", "0"]
        return [int(words[0].partition("-")[0], 16) for words in fields if words[1:] == anonymous]

    def library(self) -> Path:
        """Return the C library's file."""
        for line in Path(f"/proc/{self.number}/maps").read_text().splitlines():
            if line.endswith("/libc.so.6"):
                return Path(line.split(maxsplit=5)[5])
        raise VictimFailedError("no C library is mapped")

    def got(self, name: str) -> int:
        """Return the offset of a function's entry in the program's global offset table."""
        with self.program.open("rb") as stream:
            file = ELFFile(stream)
            symbols = file.get_section_by_name(".dynsym")
            assert isinstance(symbols, SymbolTableSection)
            for table in (".rela.plt", ".rela.dyn"):
                section = file.get_section_by_name(table)
                if not isinstance(section, RelocationSection):
                    continue
                for relocation in section.iter_relocations():
                    if symbols.get_symbol(relocation["r_info_sym"]).name == name:
                        return int(relocation["r_offset"])
        raise VictimFailedError(f"no entry of {name}")

    def symbol(self, name: str) -> int:
        """Return the address of something in the program."""
        fixed = is_fixed(self.program)
        return (0 if fixed else self.base(self.program.name)) + offset(self.program, name)

    def find_on_stack(self, content: bytes) -> int:
        """Return the address of bytes on the stack, once they are there."""
        maps = Path(f"/proc/{self.number}/maps").read_text().splitlines()
        line = next(line for line in maps if line.endswith("[stack]"))
        start, end = (int(word, 16) for word in line.split()[0].split("-"))
        limit = time.monotonic() + REPLY_LIMIT_S
        while (found := self.memory(start, end - start).rfind(content)) < 0:
            assert time.monotonic() < limit
            time.sleep(0.02)
        return start + found

    def memory(self, address: int, size: int) -> bytes:
        """Return what lies at an address; for what an attacker has from elsewhere."""
        with open(f"/proc/{self.number}/mem", "rb") as memory:
            memory.seek(address)
            return memory.read(size)

    # The wire

    def connect(self) -> socket.socket:
        """Open a connection."""
        self.attempts += 1
        return socket.create_connection(("127.0.0.1", self._port), REPLY_LIMIT_S)

    def drain(self, wire: socket.socket) -> bytes:
        """Read until the victim closes; one that is gone, or silent, answers nothing."""
        got = b""
        with contextlib.suppress(OSError, TimeoutError):
            wire.shutdown(socket.SHUT_WR)
            while piece := wire.recv(65536):
                got += piece
        self.received += got
        return got

    def talk(self, request: bytes) -> bytes:
        """Send a request and return the answer."""
        with contextlib.suppress(ConnectionError, TimeoutError), self.connect() as wire:
            wire.sendall(request)
            return self.drain(wire)
        return b""

    def tell(self, content: bytes) -> None:
        """Write to its standard input."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(content)
            self._process.stdin.flush()

    # The end

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def ended(self, limit_s: float) -> int | None:
        """Wait for its end; return its exit status, or None when it runs on."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        return self._process.returncode

    def kill(self) -> None:
        """End it; mvx's variants die with it."""
        self._process.kill()
        self._process.communicate()

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return (self.place / "stderr").read_text(errors="replace")

    @property
    def marker(self) -> bytes:
        """The content of the file that an attack wants to make."""
        try:
            return (self.place / "marker").read_bytes()
        except FileNotFoundError:
            return b""

    def await_marker(self, limit_s: float) -> bytes:
        """Return the content of that file as soon as there is some, or the victim has ended."""
        end = time.monotonic() + limit_s
        while not self.marker and self.is_running and time.monotonic() < end:
            time.sleep(0.02)
        return self.marker


def offset(file: Path, name: str) -> int:
    """Return a symbol's address in the file."""
    with file.open("rb") as stream:
        for table in (".symtab", ".dynsym"):
            section = ELFFile(stream).get_section_by_name(table)
            if not isinstance(section, SymbolTableSection):
                continue
            for symbol in section.iter_symbols():
                if symbol.name == name and symbol["st_value"]:
                    return int(symbol["st_value"])
    raise VictimFailedError(f"no symbol {name} in {file}")


def is_fixed(file: Path) -> bool:
    """Whether a program is linked to fixed addresses."""
    with file.open("rb") as stream:
        return bool(ELFFile(stream)["e_type"] == "ET_EXEC")


def size(file: Path, name: str) -> int:
    """Return a function's size."""
    with file.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        symbols = table.get_symbol_by_name(name) if isinstance(table, SymbolTableSection) else None
    if not symbols:
        raise VictimFailedError(f"no symbol {name} in {file}")
    return int(symbols[0]["st_size"])


def gadget(file: Path, code: bytes) -> int:
    """Return the offset of some instructions in the executable segment of a file."""
    with file.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            if segment["p_flags"] & 1:
                found = segment.data().find(code)
                if found >= 0:
                    return int(segment["p_vaddr"]) + found
    raise VictimFailedError(f"no gadget in {file}")


def words(*values: int) -> bytes:
    """Pack 64-bit words."""
    return struct.pack(f"<{len(values)}Q", *values)
