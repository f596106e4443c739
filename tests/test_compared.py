"""Calls as the leader published them: what the agent writes is read back, rubbish is survived."""

from __future__ import annotations

import struct
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvx import compared, difference
from mvx.arena import Arena, PastCall
from mvx.layout import RING_SIZE
from mvx.records import MESSAGE
from mvx.specification.numbers import NUMBERS

CALL, RESULT = 0, 1
NULL, FAULT = 0xFFFFFFFE, 0xFFFFFFFF
POINTER = 0x7000_0000_1000


class Lane:
    """A ring with messages, as :class:`Arena` shows it."""

    def __init__(self, start: int = 0) -> None:
        self.start, self.content = start, bytearray(RING_SIZE)
        self.head = start

    def put(self, content: bytes) -> int:
        position = self.head
        for byte in content:
            self.content[self.head % RING_SIZE] = byte
            self.head += 1
        return position

    def ring(self, _lane: int, position: int, size: int) -> bytes:
        return bytes(self.content[at % RING_SIZE] for at in range(position, position + size))

    @property
    def arena(self) -> Arena:
        return cast("Arena", self)


def header(kind: int, number: int, *arguments: int, result: int = 0) -> bytes:
    words = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    return struct.pack("<IIQIIQ6Q", kind, number, result, 0, 0, 0, *words)


def block(content: bytes | None) -> bytes:
    if content is None:
        return struct.pack("<I", NULL)
    return struct.pack("<I", len(content)) + content


CASES: list[tuple[str, tuple[int, ...], list[bytes | None], dict[int, bytes]]] = [
    ("write", (1, POINTER, 5), [b"hello"], {1: b"hello"}),
    ("getpid", (), [], {}),
    ("openat", (3, POINTER, 0), [b"/etc/passwd"], {1: b"/etc/passwd\0"}),
    ("rename", (POINTER, POINTER), [b"a", b"b"], {0: b"a\0", 1: b"b\0"}),
    ("writev", (1, POINTER, 3), [b"one", b"", b"two"], {1: b"onetwo"}),
    (
        "execve",
        (POINTER, POINTER, POINTER),
        [b"/bin/ls", b"ls", b"-l", None, b"A=1", None],
        {0: b"/bin/ls\0", 1: b"ls\0-l\0", 2: b"A=1\0"},
    ),
    (
        "poll",
        (POINTER, 2, 0),
        [struct.pack("<ihh", 3, 1, 0), struct.pack("<ihh", 4, 1, 0)],
        {0: struct.pack("<ihhihh", 3, 1, 0, 4, 1, 0)},
    ),
    ("utimensat", (3, 0, 0, 0), [None, None], {}),
    (
        "connect",
        (3, POINTER, 16),
        [struct.pack("<HHI", 2, 80, 1)],
        {1: struct.pack("<HHI", 2, 80, 1)},
    ),
]


@pytest.mark.parametrize("start", [0, RING_SIZE - 80, 5 * RING_SIZE + 7])
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_published_call_is_read_back(case: Any, start: int) -> None:
    name, arguments, blocks, inputs = case
    lane, number = Lane(start), NUMBERS[name]
    lane.put(header(CALL, number, *arguments) + b"".join(map(block, blocks)))
    found = compared.from_lane(lane.arena, 0, start, lane.head)
    assert found is not None
    assert (found.number, found.inputs, found.result) == (number, inputs, None)
    assert found.arguments[: len(arguments)] == arguments
    lane.put(header(RESULT, number, result=42))
    found = compared.from_lane(lane.arena, 0, start, lane.head)
    assert found is not None
    assert (found.inputs, found.result) == (inputs, 42)


def test_misunderstood_message_is_shown_without_bytes() -> None:
    lane = Lane()
    lane.put(header(CALL, NUMBERS["write"], 1, POINTER, 5) + block(b"hello") + b"unexpected")
    lane.put(header(RESULT, NUMBERS["write"], result=5))
    found = compared.from_lane(lane.arena, 0, 0, lane.head)
    assert found is not None
    assert (found.arguments[:3], found.inputs) == ((1, POINTER, 5), {})


def test_message_that_is_overwritten_or_not_there() -> None:
    lane = Lane()
    lane.put(header(RESULT, 1))
    assert compared.from_lane(lane.arena, 0, 0, lane.head) is None
    assert compared.from_lane(lane.arena, 0, 0, 10) is None
    assert compared.from_lane(lane.arena, 0, 0, RING_SIZE + 1) is None
    assert compared.from_lane(lane.arena, 0, 500, 100) is None


def test_past_calls_are_found_backwards() -> None:
    lane, number = Lane(RING_SIZE - 200), NUMBERS["chdir"]
    for name in (b"first", b"second", b"third"):
        lane.put(header(CALL, number, POINTER) + block(name) + header(RESULT, number))
    past = compared.Past(lane.arena, 0, lane.head)
    call = PastCall(number, 0, (POINTER, 0, 0, 0, 0, 0))
    assert [past.inputs(call) for _ in range(4)] == [
        {0: b"third\0"},
        {0: b"second\0"},
        {0: b"first\0"},
        {},
    ]


sizes = st.sampled_from([0, 1, 4, 5, 16, 255, NULL, FAULT, 1 << 20])
rubbish = st.lists(st.binary(max_size=40) | sizes.map(lambda size: struct.pack("<I", size)))


@settings(deadline=None)
@given(
    st.sampled_from(sorted(NUMBERS.values())) | st.integers(0, 2**32 - 1),
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), min_size=6, max_size=6),
    rubbish,
)
def test_rubbish_is_survived(number: int, arguments: list[int], pieces: list[bytes]) -> None:
    lane = Lane()
    lane.put(header(CALL, number, *arguments) + b"".join(pieces))
    found = compared.from_lane(lane.arena, 0, 0, lane.head)
    assert found is not None
    sides = [found, found._replace(inputs={}), None]
    marked = difference.differing(sides)
    for side in sides:
        difference.call(side, {}, marked)
    for index in range(6):
        difference.first(sides, [lambda _address, _size: None] * 3, index, 2**31)
    past = compared.Past(lane.arena, 0, lane.head)
    past.inputs(PastCall(number, 0, tuple(arguments)))


@settings(deadline=None)
@given(
    st.sampled_from(sorted(NUMBERS.values())),
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 2000), min_size=6, max_size=6),
    st.binary(max_size=200),
)
def test_memory_may_hold_anything(number: int, arguments: list[int], content: bytes) -> None:
    def read(address: int, size: int) -> bytes | None:
        assert size <= compared.GATHERED_MAX
        return content[address % 7 :][:size] or None

    found = compared.from_memory(number, tuple(arguments), read)
    for index in range(6):
        data = found.data(index)
        assert data is None or len(data) <= compared.GATHERED_MAX + len(content)
    difference.call(found, {}, set())


def test_padding_and_addresses_are_not_compared() -> None:
    number = NUMBERS["rt_sigaction"]
    arguments = (10, POINTER, 0, 8, 0, 0)

    def side(handler: int, flags: int, restorer: int, mask: int) -> compared.Compared:
        content = struct.pack("<QQQQ", handler, flags, restorer, mask)
        return compared.Compared(number, arguments, {1: content})

    first = side(POINTER, 4, POINTER + 8, 1)
    assert difference.differing([first, side(POINTER + 64, 4, POINTER + 72, 1)]) == set()
    assert difference.differing([first, side(1, 4, POINTER, 1)]) == {1}
    assert difference.differing([first, side(POINTER, 4, POINTER, 2)]) == {1}
    assert MESSAGE.size == len(header(CALL, 0))
