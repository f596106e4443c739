"""A process to exchange memory with, for measurements and tests."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mvx import kernel
from mvx.memory.foreign import Foreign
from mvx.memory.transport import Transport

if TYPE_CHECKING:
    from mvx.memory.shared import Cooperative


@contextmanager
def partner(
    kind: type[Foreign | Cooperative], memory: mmap.mmap
) -> Iterator[tuple[Transport, int]]:
    """A transport to a child that has a copy of `memory`, and the address of that in the child."""
    if issubclass(kind, Foreign):
        with stopped_child(memory) as (child, address):
            transport = kind(child)
            try:
                yield transport, address
            finally:
                transport.close()
        return
    made = kind()
    address = address_of(memory)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            made.serve()
        os._exit(0)
    try:
        yield made, address
    finally:
        with suppress(OSError):
            made.close()
        end(child)


@contextmanager
def stopped_child(memory: mmap.mmap) -> Iterator[tuple[int, int]]:
    """A child that is stopped by ptrace, as a variant is: its id, and the address that `memory`
    has in it.
    """
    address = address_of(memory)
    child = os.fork()
    if child == 0:
        try:
            while True:
                signal.pause()
        finally:
            os._exit(0)
    try:
        kernel.seize(child)
        kernel.ptrace(kernel.PTRACE_INTERRUPT, child)
        os.waitpid(child, kernel.WALL)
        yield child, address
    finally:
        end(child)


def address_of(memory: mmap.mmap) -> int:
    """Where a mapping of this process lies."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def end(child: int) -> None:
    """Kill a child and wait for its end."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, kernel.WALL)
