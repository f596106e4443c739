"""Moving memory between processes: every transport does the same, and the supervisor's choice."""

from __future__ import annotations

import ctypes
import mmap
import os
import random
from pathlib import Path
from typing import Any

import pytest

from mvx import kernel
from mvx.memory import Choice, Memory, choice
from mvx.memory.choice import NEVER
from mvx.memory.foreign import File, Vectors, Words
from mvx.memory.partner import address_of, end, partner, stopped_child
from mvx.memory.shared import Fifo, Lane, Pipe, Segment

SIZE = 1 << 20
FOREIGN = (Words, Vectors, File)
COOPERATIVE = (Pipe, Fifo, Segment, Lane)


@pytest.mark.parametrize("kind", [*FOREIGN, *COOPERATIVE], ids=lambda kind: kind.__name__)
def test_what_is_written_is_read(kind: Any) -> None:
    places = random.Random(1)
    model = bytearray(places.randbytes(SIZE))
    memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory[:] = bytes(model)
    with partner(kind, memory) as (transport, address):
        for size in (1, 7, 8, 9, 100, 4096, 4097, 70_000):
            offset = places.randrange(SIZE - size)
            assert transport.read(address + offset, size) == model[offset : offset + size]
            content = places.randbytes(size)
            transport.write(address + offset, content)
            model[offset : offset + size] = content
            around = slice(max(0, offset - 9), offset + size + 9)
            length = len(model[around])
            assert transport.read(address + around.start, length) == model[around]
        if kind is not Words:  # 131,072 stops' worth of requests
            transport.write(address, bytes(model))
            assert transport.read(address, SIZE) == model
    assert memory[: SIZE // 2] != model[: SIZE // 2]  # it was the child's copy


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_where_there_is_no_memory(kind: Any) -> None:
    memory = mmap.mmap(-1, 4096)
    with partner(kind, memory) as (transport, _):
        for address in (0, 1 << 63, (1 << 64) - 8):
            with pytest.raises(OSError):  # noqa: PT011 - the kernel's word differs
                transport.read(address, 8)
            with pytest.raises((OSError, OverflowError)):
                transport.write(address, b"12345678")


ALL_WAYS = [
    Choice(0, NEVER, 0, NEVER),
    Choice(64, 65, 64, 65),
    Choice(0, 0, 0, 0),
    Choice(NEVER, NEVER, NEVER, NEVER),
]


@pytest.mark.parametrize("chosen", ALL_WAYS)
def test_the_supervisors_memory_does_the_same_whatever_is_chosen(chosen: Choice) -> None:
    page = mmap.PAGESIZE
    private = mmap.mmap(-1, 3 * page, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    private[:] = bytes(range(256)) * (3 * page // 256)
    libc = ctypes.CDLL(None)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    start = address_of(private)
    assert libc.mprotect(start + page, page, mmap.PROT_READ) == 0
    with stopped_child(private) as (child, address):
        memory = Memory(child, chosen)
        memory.write(address + page - 3, b"over the edge")  # into a read-only page
        assert memory.read(address + page - 3, 13) == b"over the edge"
        assert memory.readable(16, 8) == b""
        assert memory.readable(1 << 63, 8) == b""
        with pytest.raises(OSError):  # noqa: PT011
            memory.read(16, 8)
        with pytest.raises(OSError):  # noqa: PT011
            memory.write(16, b"nowhere")
        memory.close()
        memory.close()


def test_a_mapping_ends_within_what_is_read() -> None:
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    size = 4 * mmap.PAGESIZE
    address = libc.mmap(None, ctypes.c_size_t(size), 3, 0x22, -1, ctypes.c_long(0))
    assert libc.munmap(address + size // 2, size // 2) == 0
    with stopped_child(mmap.mmap(-1, mmap.PAGESIZE)) as (child, _):
        for chosen in ALL_WAYS:
            memory = Memory(child, chosen)
            assert len(memory.read(address, size)) == size // 2
            memory.close()


def test_a_closed_partner_is_gone() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    end(child)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_the_choice_is_measured_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    choice.best.cache_clear()
    found = choice.best()
    monkeypatch.setattr(choice, "measure", pytest.fail)
    choice.best.cache_clear()
    assert choice.best() == found
    assert all(value in (0, NEVER, *choice.SIZES) for value in found)
    choice.best.cache_clear()


def test_words_need_a_stopped_task() -> None:
    with stopped_child(mmap.mmap(-1, 4096)) as (child, address):
        kernel.resume(child)
        with pytest.raises(OSError):  # noqa: PT011
            Words(child).read(address, 8)
        Memory(child, Choice(NEVER, NEVER, NEVER, NEVER)).write(address, b"the other way")
