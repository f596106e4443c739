"""The filter of a variant, run in a small interpreter of the kernel's classic BPF."""

from __future__ import annotations

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from mvx import calls, seccomp

ALLOW, TRACE, FOREIGN = 0x7FFF0000, 0x7FF00000, 0x7FF00001
X86_64, I386 = 0xC000003E, 0x40000003
BASE = 0x4123_4560_0000
END = BASE + 0x4800_0000
EMPTY = 0x100022
"""MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE."""
GATE = BASE + 0x1234
BOOTSTRAP = BASE + 0x1300
MMAP, MPROTECT, MUNMAP, MREMAP, WRITE, EXECVE, OPEN = 9, 10, 11, 25, 1, 59, 2
FILTER = seccomp.build(
    [GATE, GATE + 0x20],
    calls.allowed_at_gate("sensitive"),
    calls.FREE,
    requests=calls.sensitive_requests("sensitive"),
    region=(BASE, END),
    bootstrap=(BOOTSTRAP, calls.BOOTSTRAP),
)
STRICT = seccomp.build(
    [GATE],
    calls.allowed_at_gate("all"),
    (),
    region=None,
    bootstrap=(BOOTSTRAP, calls.BOOTSTRAP),
)


def judge(
    program: bytes, number: int, *arguments: int, at: int = 0x1000, arch: int = X86_64
) -> int:
    """What the kernel would do with a call."""
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, arch, at, *(value % (1 << 64) for value in padded))
    code = list(struct.iter_unpack("<HBBI", program))
    accumulator = position = 0
    while True:
        operation, true, false, value = code[position]
        position += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case 0x54:
                accumulator &= value
            case 0x05:
                position += value
            case 0x15:
                position += true if accumulator == value else false
            case 0x25:
                position += true if accumulator > value else false
            case 0x35:
                position += true if accumulator >= value else false
            case 0x45:
                position += true if accumulator & value else false
            case 0x06:
                return value
            case _:
                raise AssertionError(operation)


near = st.integers(BASE - (1 << 34), END + (1 << 34)) | st.integers(0, (1 << 64) - 1)
sizes = st.integers(0, 1 << 36) | st.integers(0, (1 << 64) - 1)
flags = st.integers(0, 0xFFFFFFFF)


@given(st.sampled_from([MMAP, MPROTECT, MUNMAP]), near, sizes, flags, flags, st.booleans())
@example(MUNMAP, BASE - 4096, 8192, 0, 0, False)
@example(MUNMAP, END - 4096, 4096, 0, 0, True)
@example(MMAP, (1 << 64) - 4096, 8192, 3, 0x32, False)
@example(MMAP, BASE, 0, 3, 0x32, False)
@example(MMAP, BASE - 4096, 4096, 5, 0x100022, True)
@example(MMAP, 0x7000_0000_0000, 4096, 5, 0x100022, True)
@example(MPROTECT, BASE - (1 << 33), (1 << 33) + 1, 1, 0, False)
def test_monitor_memory_is_out_of_reach(
    number: int, start: int, size: int, protection: int, kind: int, gate: bool
) -> None:
    at = GATE if gate else 0x1000
    verdict = judge(FILTER, number, start, size, protection, kind, 3, 0, at=at)
    if verdict == ALLOW:
        assert start >= END or start + size <= BASE
        is_empty = (number, protection, kind) == (MMAP, 5, EMPTY)
        assert number == MUNMAP or not protection & 4 or is_empty
        if number == MMAP:
            assert kind & 0xF == 2
            assert start or kind & 0x20


def test_ordinary_memory_management_passes() -> None:
    for at in (0x1000, GATE):
        assert judge(FILTER, MUNMAP, 0x7000_0000_0000, 4096, at=at) == ALLOW
        assert judge(FILTER, MPROTECT, 0x5000_1000, 4096, 1, at=at) == ALLOW
        assert judge(FILTER, MMAP, 0, 1 << 20, 3, 0x22, at=at) == ALLOW
        assert judge(FILTER, MMAP, 0x100_0000_0000, 4096, 3, 0x812, 3, at=at) == ALLOW


def test_code_and_files_stop() -> None:
    for at in (0x1000, GATE):
        assert judge(FILTER, MPROTECT, 0x5000_1000, 4096, 5, at=at) == TRACE
        assert judge(FILTER, MMAP, 0, 4096, 5, 0x22, at=at) == TRACE
        assert judge(FILTER, MMAP, 0, 4096, 1, 0x2, 3, at=at) == TRACE
        assert judge(FILTER, MMAP, 0, 4096, 3, 0x1, 3, at=at) == TRACE
        assert judge(FILTER, MMAP, 0, 4096, 3, 0x21, at=at) == TRACE
        assert judge(FILTER, MREMAP, 0x7000_0000_0000, 4096, 8192, 1, at=at) == TRACE


@given(st.integers(0, 600), near)
def test_calls_pass_at_gates_only(number: int, at: int) -> None:
    if number in calls.FREE | {MMAP, MPROTECT, MUNMAP}:
        return
    assert judge(FILTER, number, at=at) == TRACE or at in (GATE, GATE + 0x20)
    assert judge(STRICT, number, at=at) == TRACE or at == GATE


def test_gates() -> None:
    assert judge(FILTER, WRITE, at=GATE) == ALLOW
    assert judge(FILTER, WRITE, at=GATE + 1) == TRACE
    assert judge(FILTER, WRITE, at=GATE + (1 << 32)) == TRACE
    assert judge(FILTER, EXECVE, at=GATE) == TRACE
    assert judge(FILTER, OPEN, 0, 0, at=GATE) == ALLOW
    assert judge(FILTER, OPEN, 0, 2, at=GATE) == TRACE
    for number in calls.FREE:
        assert judge(FILTER, number, at=GATE) == judge(FILTER, number) == ALLOW


def test_foreign_entries() -> None:
    assert judge(FILTER, WRITE, at=GATE, arch=I386) == FOREIGN
    assert judge(FILTER, 0x40000001, at=GATE) == FOREIGN
    assert judge(FILTER, 0x40000001 + 1024, at=GATE) == TRACE


def test_everything_stops_for_a_trace() -> None:
    assert judge(STRICT, MUNMAP, 0x7000_0000_0000, 4096) == TRACE
    assert judge(STRICT, 202) == TRACE


def test_the_bootstraps_calls_pass_at_its_gate_alone() -> None:
    for number in range(512):
        verdict = ALLOW if number in calls.BOOTSTRAP else TRACE
        for program in (FILTER, STRICT):
            assert judge(program, number, BASE, 1 << 20, 7, 0x10, at=BOOTSTRAP) == verdict
            for gate in (BOOTSTRAP - 2, BOOTSTRAP + (1 << 32)):
                if number in calls.BOOTSTRAP:
                    assert judge(program, number, BASE, 1 << 20, 7, 0x10, at=gate) == TRACE
