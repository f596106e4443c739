"""An attacker on the wire: finds addresses in a running victim and in its file, and speaks to its
port.

Natively he reads them from /proc/PID/maps; that stands for any leak. Under mvx he gets those of one
variant of his choice.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import subprocess
import time
from pathlib import Path

from elftools.elf.elffile import ELFFile

PORT_LIMIT_S = 20
REPLY_LIMIT_S = 3


class Victim:
    """A running server of tests/attacks, natively or under mvx."""

    def __init__(self, command: list[str], program: Path, place: Path, variant: int = 0) -> None:
        """Start it and wait for its port; `variant`: whose addresses the attacker knows."""
        self.program = program
        self.place = place
        self.received = b""
        self.attempts = 0
        with (place / "stderr").open("wb") as stderr:
            self._process = subprocess.Popen(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], PORT_LIMIT_S)[0]
        line = self._process.stdout.readline() if ready else b""
        if not line.strip().isdigit():
            self.kill()
            raise AssertionError(f"no port: {self.errors}")
        self._port = int(line)
        self.number = sorted(self._numbers())[variant]

    def _numbers(self) -> list[int]:
        """Find the victim's processes; without its children there is one per variant."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                links = [os.readlink(f"/proc/{entry}/{name}") for name in ("exe", "cwd")]
                if links == [str(self.program), str(self.place)]:
                    found.append(int(entry))
            except OSError:
                continue
        return found

    # Addresses

    def base(self, file: str) -> int:
        """Return the address at which a file is mapped, known by the end of its name."""
        for line in Path(f"/proc/{self.number}/maps").read_text().splitlines():
            if line.endswith(file):
                return int(line.partition("-")[0], 16)
        raise AssertionError(f"{file} is not mapped")

    def mappings(self, access: str) -> list[int]:
        """Return the addresses of the anonymous mappings with that access."""
        lines = Path(f"/proc/{self.number}/maps").read_text().splitlines()
        fields = [line.split() for line in lines]
        anonymous = [access, "00000000", "00:00", "0"]
        return [int(words[0].partition("-")[0], 16) for words in fields if words[1:] == anonymous]

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
        """Return the content of that file as soon as there is some."""
        end = time.monotonic() + limit_s
        while not self.marker and time.monotonic() < end:
            time.sleep(0.02)
        return self.marker


def offset(file: Path, name: str) -> int:
    """Return a symbol's address in the file."""
    with file.open("rb") as stream:
        for table in (".symtab", ".dynsym"):
            section = ELFFile(stream).get_section_by_name(table)
            for symbol in section.iter_symbols() if section else ():
                if symbol.name == name and symbol["st_value"]:
                    return int(symbol["st_value"])
    raise AssertionError(f"no symbol {name} in {file}")


def is_fixed(file: Path) -> bool:
    """Whether a program is linked to fixed addresses."""
    with file.open("rb") as stream:
        return bool(ELFFile(stream)["e_type"] == "ET_EXEC")


def size(file: Path, name: str) -> int:
    """Return a function's size."""
    with file.open("rb") as stream:
        symbols = ELFFile(stream).get_section_by_name(".symtab").get_symbol_by_name(name)
        return int(symbols[0]["st_size"])


def gadget(file: Path, code: bytes) -> int:
    """Return the offset of some instructions in the executable segment of a file."""
    with file.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            if segment["p_flags"] & 1:
                found = segment.data().find(code)
                if found >= 0:
                    return int(segment["p_vaddr"]) + found
    raise AssertionError(f"no gadget in {file}")


def words(*values: int) -> bytes:
    """Pack 64-bit words."""
    return struct.pack(f"<{len(values)}Q", *values)
