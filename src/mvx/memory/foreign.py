"""Transports that need nothing of the other process: the monitor reaches into it.

Facts (``ptrace(2)``, ``process_vm_readv(2)``, ``proc_pid_mem(5)``; tried on Linux 6.18):

- ptrace moves one word per request, and only while the task is stopped; it writes read-only pages.
- ``process_vm_readv`` copies pages directly, without a stop, with one check of rights per call; it
  does not write read-only pages, and stops at the first page that is not there.
- ``/proc/PID/mem`` goes through a page of the kernel's, so twice over every byte; the check of
  rights was made when it was opened, and it writes read-only pages (FOLL_FORCE).
"""

from __future__ import annotations

import abc
import ctypes
import errno
import os
from typing import Final

from mvx.memory.transport import Transport

_libc: Final = ctypes.CDLL(None, use_errno=True)
_ptrace: Final = _libc.ptrace
_ptrace.restype = ctypes.c_long
_ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_PEEKDATA: Final = 2
_POKEDATA: Final = 5
_WORD: Final = 8
_HIGHEST: Final = 1 << 64
_Vector = ctypes.c_uint64 * 2
"""struct iovec."""
_read_vectors: Final = _libc.process_vm_readv
_write_vectors: Final = _libc.process_vm_writev
for _function in (_read_vectors, _write_vectors):
    _function.restype = ctypes.c_long
    _function.argtypes = [ctypes.c_long, *(ctypes.c_void_p, ctypes.c_ulong) * 2, ctypes.c_ulong]


def _fail() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


class Foreign(Transport):
    """Reaches into a process that knows nothing of it."""

    cooperative = False

    @abc.abstractmethod
    def __init__(self, pid: int) -> None:
        """`pid`: the process, or the task."""


class Words(Foreign):
    """ptrace, word by word: PTRACE_PEEKDATA and PTRACE_POKEDATA."""

    name = "ptrace"

    def __init__(self, pid: int) -> None:
        """`pid`: a task that is stopped by ptrace whenever this is used."""
        self._pid = pid

    def read(self, address: int, size: int) -> bytes:
        """Read the words that hold the bytes."""
        start = address - address % _WORD
        words = bytearray()
        for place in range(start, min(address + size, _HIGHEST), _WORD):
            ctypes.set_errno(0)
            word: int = _ptrace(_PEEKDATA, self._pid, place, 0)
            if word == -1 and ctypes.get_errno():
                if len(words) > address - start:
                    break
                raise _fail()
            words += (word & _HIGHEST - 1).to_bytes(_WORD, "little")
        return bytes(words[address - start : address - start + size])

    def write(self, address: int, content: bytes) -> None:
        """Write whole words; the first and the last are read before."""
        before, after = address % _WORD, -(address + len(content)) % _WORD
        start = address - before
        end = address + len(content)
        if before:
            content = self.read(start, before) + content
        if after:
            content += self.read(end, after)
        for offset in range(0, len(content), _WORD):
            word = int.from_bytes(content[offset : offset + _WORD], "little")
            if _ptrace(_POKEDATA, self._pid, start + offset, word) == -1:
                raise _fail()

    def close(self) -> None:
        """Nothing is held."""


class Vectors(Foreign):
    """process_vm_readv and process_vm_writev."""

    name = "process_vm"

    def __init__(self, pid: int) -> None:
        """`pid`: a process that this one may trace."""
        self._pid = pid

    def read(self, address: int, size: int) -> bytes:
        """Read with one call."""
        if not 0 <= address < _HIGHEST:
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
        buffer = ctypes.create_string_buffer(size)
        own, other = _Vector(ctypes.addressof(buffer), size), _Vector(address, size)
        done = _read_vectors(self._pid, ctypes.byref(own), 1, ctypes.byref(other), 1, 0)
        if done < 0:
            raise _fail()
        return buffer.raw if done == size else buffer.raw[:done]

    def write(self, address: int, content: bytes) -> None:
        """Write with one call; EFAULT where a page is read-only."""
        size = len(content)
        pointer = ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p).value or 0
        own, other = _Vector(pointer, size), _Vector(address, size)
        done = _write_vectors(self._pid, ctypes.byref(own), 1, ctypes.byref(other), 1, 0)
        if done < 0:
            raise _fail()
        if done != size:
            raise OSError(errno.EFAULT, f"only {done} of {size} bytes could be written")

    def close(self) -> None:
        """Nothing is held."""


class File(Foreign):
    """/proc/PID/mem, opened once: the open file keeps the right to the memory when the program
    later drops its identity or makes itself undumpable.
    """

    name = "/proc/PID/mem"

    def __init__(self, pid: int) -> None:
        """`pid`: a process that this one may trace."""
        self._descriptor = os.open(f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)

    def read(self, address: int, size: int) -> bytes:
        """Read with one call."""
        try:
            content = os.pread(self._descriptor, size, address)
        except OverflowError:  # past what a file offset can hold: no process has memory there
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None
        if size and not content:  # nothing mapped there would be EIO (mem_rw in fs/proc/base.c)
            raise OSError(errno.ESRCH, "the process has ended")
        return content

    def write(self, address: int, content: bytes) -> None:
        """Write with one call, read-only pages included."""
        written = os.pwrite(self._descriptor, content, address)
        if written != len(content):
            message = f"only {written} of {len(content)} bytes could be written"
            raise OSError(errno.EFAULT, message)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
