"""Variants that compute are brought to the same instruction: the parts that need no variants."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from mvx import alignment, breakpoints, kernel, visits
from mvx.alignment import is_same_round, lag, return_addresses, steps
from mvx.placement import Placement
from mvx.tasks import Task

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = 0x401000
VISITED = Path(__file__).parent / "alignment" / "visited.c"


def test_what_counts_is_found() -> None:
    assert steps((7, 100, 5, 0), (7, 98, 9, 1), (7, 96, 1, 2)) == {1: -2, 3: 1}


def test_steps_that_are_no_counters_are_not() -> None:
    assert steps((0, 0), (1 << 40, 3), (2 << 40, 5)) == {}


@pytest.mark.parametrize(("leader", "follower", "behind"), [(50, 20, 30), (20, 50, -30), (5, 5, 0)])
def test_who_is_behind(leader: int, follower: int, behind: int) -> None:
    assert lag({0: 1, 1: -8}, (leader, -8 * leader), (follower, -8 * follower)) == behind


def test_most_counters_win() -> None:
    assert lag({0: 1, 1: 4, 2: 8}, (9, 16, 1000), (6, 4, 0)) == 3


def test_a_round_is_the_same_when_all_numbers_are() -> None:
    garbage, other = 0x7FFC_FB77_91A8, 0
    assert is_same_round((5, garbage, 0x206), (5, other, 0x202))
    assert not is_same_round((5, 6), (5, 7))
    assert not is_same_round((-1, 0), (-2, 0))


def test_nothing_counts() -> None:
    assert lag({}, (1, 2), (3, 4)) is None
    assert lag({0: 3}, (1,), (0,)) is None


def test_mangled_pointers_are_those_that_setjmp_saved() -> None:
    secrets = alignment.Secrets(0, 0x1234_5678_9ABC_DEF0)
    pointer = 0x5555_1234_5678
    mixed = pointer ^ secrets.guard
    mangled = (mixed << 17 | mixed >> 47) & (1 << 64) - 1  # rol $17
    assert secrets.demangle(mangled) == pointer


@pytest.mark.parametrize(
    "call",
    [
        b"\xe8\x10\x00\x00\x00",  # call relative
        b"\xff\xd0",  # call *%rax
        b"\xff\x55\x08",  # call *8(%rbp)
        b"\xff\x15\x00\x10\x00\x00",  # call *0x1000(%rip)
    ],
)
def test_a_word_after_a_call_is_a_return_address(
    call: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = b"\x90" * 16 + call + b"\x90" * 16
    after = CODE + 16 + len(call)
    stack = struct.pack("<4Q", 1, CODE + 8, after, 0x7FFF_0000_0000)

    def readable(address: int, size: int) -> bytes:
        for start, content in ((CODE, code), (0x7000_0000, stack)):
            if start <= address < start + len(content):
                return content[address - start :][:size]
        return b""

    monkeypatch.setattr("mvx.kernel.registers", lambda _: SimpleNamespace(rsp=0x7000_0000))
    memory = SimpleNamespace(readable=readable)
    task = cast("Task", SimpleNamespace(tid=1, space=SimpleNamespace(memory=memory)))
    assert return_addresses(task) == [after]


def test_code_has_a_counterpart_and_other_memory_is_its_own() -> None:
    placement = Placement(7, 2, ["layout"])
    leaders, followers = placement.file_address(0, 3), placement.file_address(1, 3)
    assert leaders != followers
    assert placement.counterpart(leaders + 0x123, 0, 1) == followers + 0x123
    assert placement.counterpart(followers + 0x123, 1, 0) == leaders + 0x123
    assert placement.counterpart(0x401000, 0, 1) == 0x401000


@pytest.mark.skipif(visits.most() < 1000, reason="the kernel lets nobody count visits here")
def test_the_kernel_counts_visits(compiled: Callable[..., Path]) -> None:
    with subprocess.Popen([compiled(VISITED)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        place, counter = (int(word, 16) for word in process.stdout.readline().split())
        kernel.seize(process.pid)
        kernel.interrupt(process.pid)
        os.waitpid(process.pid, kernel.WALL)
        try:
            for times in (2, 10, 1000):
                before = _read(process.pid, counter)
                descriptor = visits.watch(process.pid, place, times)
                assert descriptor is not None
                kernel.resume(process.pid)
                _, status = os.waitpid(process.pid, kernel.WALL)
                os.close(descriptor)
                assert status >> 8 == signal.SIGTRAP
                assert breakpoints.is_breakpoint(process.pid)
                assert kernel.registers(process.pid).rip == place
                assert _read(process.pid, counter) - before in (times - 1, times)
        finally:
            process.kill()


def _read(pid: int, address: int) -> int:
    with Path(f"/proc/{pid}/mem").open("rb", 0) as memory:
        memory.seek(address)
        return int.from_bytes(memory.read(8), "little")
