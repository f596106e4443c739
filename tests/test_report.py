"""Reports: what a person reads, what is saved, and that hostile contents stay contents."""

from __future__ import annotations

import json
import os
import re
import stat
import struct
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mvx import errors, report
from mvx.divergence import (
    KINDS,
    SOURCES,
    Argument,
    Call,
    Divergence,
    FirstDifference,
    Frame,
    VariantState,
    first_difference,
    likely_source,
)

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
SCHEMA = json.loads((REFERENCE / "divergence.schema.json").read_text())

FIRST, SECOND = 0x7F3A10221000, 0x7F9B20B51000
ADDRESSES = (b"GET / id=0x7f3a10221000 in pool", b"GET / id=0x7f9b20b51000 in pool")


def write_call(data: bytes, *, differs: bool = True) -> Call:
    buffer = '"' + data.decode("latin-1") + '"'
    arguments = (
        Argument("fd", "3<socket:[77]>", None, differs=False),
        Argument("buf", buffer, data, differs=differs),
        Argument("count", str(len(data)), None, differs=False),
    )
    return Call(1, "write", arguments, None)


def state(
    number: int, call: Call | None, *stack: Frame, words: str = "at the call"
) -> VariantState:
    role = "follower" if number else "leader"
    return VariantState(number, role, 400 + number, 400 + number, words, call, stack, {"rip": 4096})


WRITE = Frame(0x7F0CC922E503, "/lib/libc.so.6", "93ac", 0xCF503, "write", 35)
REPLY = Frame(0x5558AD2C54AF, "/usr/sbin/server", "ee01", 0x64AF, "reply", 175)
WILD = Frame(0x41414141, "[unmapped]", "", 0x41414141, None, 0, reliable=False)

DIVERGENCE = Divergence(
    kind="argument",
    summary="leader 0 and follower 1 asked write for different bytes",
    task_set=0,
    command=("./server", "-p", "80"),
    policy="effects",
    verify="sensitive",
    variants=tuple(state(at, write_call(data), WRITE, REPLY) for at, data in enumerate(ADDRESSES)),
    agreed=('read(3, "GET /"..., 512) = 40', "getpid() = 400"),
    descriptors=((0, "/dev/null"), (3, "socket:[77]")),
    seed=42,
    first_difference=first_difference("buf", ADDRESSES),
    likely_source="address leak: an address was written out",
    advice="Find who writes the pointer.",
    kernel="Linux 6.18.44",
    mvx_version="0.1.0",
    time="2026-01-02T03:04:05Z",
)

texts = st.text(max_size=30)
small = st.integers(0, 2**31)
addresses = st.integers(0, 2**64 - 1)
optional_texts = st.none() | texts
frames = st.builds(Frame, addresses, texts, texts, addresses, optional_texts, small, st.booleans())
frames_with_id = frames.map(lambda frame: replace(frame, build_id=frame.build_id.encode().hex()))
arguments = st.builds(Argument, texts, texts, st.none() | st.binary(max_size=40), st.booleans())


def tuples(of: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[object]:
    return st.lists(of, max_size=most).map(tuple)


calls = st.builds(Call, small, texts, tuples(arguments), optional_texts)
states = st.builds(
    VariantState,
    st.integers(0, 15),
    texts,
    small,
    small,
    texts,
    st.none() | calls,
    tuples(frames_with_id),
    st.dictionaries(texts, addresses, max_size=3),
)
differences = st.builds(
    FirstDifference, texts, st.integers(0, 100), st.integers(0, 100), tuples(st.binary(max_size=48))
)
divergences = st.builds(
    Divergence,
    kind=st.sampled_from(sorted(KINDS)),
    summary=texts,
    task_set=small,
    command=tuples(texts),
    policy=texts,
    verify=texts,
    variants=tuples(states),
    agreed=tuples(texts),
    descriptors=tuples(st.tuples(small, texts), 40),
    seed=small,
    first_difference=st.none() | differences,
    likely_source=optional_texts,
    advice=texts,
    kernel=texts,
    mvx_version=texts,
    time=texts,
    signal=optional_texts,
    last_words=optional_texts,
)


# Text


def section(shown: str, title: str) -> list[str]:
    """Return the lines under a title."""
    lines = shown.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(title)) + 1
    return lines[start : lines.index("", start) if "" in lines[start:] else len(lines)]


def test_text_says_what_happened_and_what_to_do() -> None:
    shown = report.text(DIVERGENCE, color=False)
    lines = shown.splitlines()
    assert lines[0] == "mvx: divergence: leader 0 and follower 1 asked write for different bytes"
    assert "what        argument: the variants made the same call with different arguments" in lines
    assert "where       write in task set 0" in lines
    assert "command     ./server -p 80" in lines
    assert "policy      effects, verify sensitive, seed 42" in lines
    assert "system      Linux 6.18.44, mvx 0.1.0, 2026-01-02T03:04:05Z" in lines
    assert section(shown, "Last 2 calls") == ['  read(3, "GET /"..., 512) = 40', "  getpid() = 400"]
    assert section(shown, "Descriptors") == ["     0  /dev/null", "     3  socket:[77]"]
    assert section(shown, "What to do") == [
        "  likely    address leak: an address was written out",
        "  next      Find who writes the pointer.",
    ]


def test_text_marks_the_first_differing_character_and_byte() -> None:
    shown = report.text(DIVERGENCE, color=False)
    assert section(shown, "Arguments of write") == [
        "  fd           all          3<socket:[77]>",
        '! buf          leader 0     "GET / id=0x7f3a10221000 in pool"',
        '               follower 1   "GET / id=0x7f9b20b51000 in pool"',
        "                                          ^",
        "  count        all          31",
    ]
    rows = section(shown, "First difference: buf, byte 13 (0xd)")
    column = rows[0].index("33 61")
    assert rows[1][column : column + 5] == "39 62"
    assert rows[2] == " " * column + "^^" + " " * (rows[0].index("3a1") - column - 2) + "^"


def test_a_difference_far_into_a_long_text_is_still_shown() -> None:
    data = [b"x" * 300 + end for end in (b"left", b"right")]
    variants = tuple(state(at, write_call(item)) for at, item in enumerate(data))
    shown = report.text(replace(DIVERGENCE, variants=variants), color=False)
    first, second, mark = section(shown, "Arguments of write")[1:4]
    column = mark.index("^")
    assert first[column:].startswith("left")
    assert second[column:].startswith("right")


def test_different_calls_are_shown_one_under_the_other() -> None:
    variants = (
        state(0, write_call(b"hello")),
        state(1, Call(231, "exit_group", (Argument("error_code", "1", None, True),), None)),
        state(2, None, words="killed by SIGSEGV"),
    )
    shown = report.text(replace(DIVERGENCE, kind="call", variants=variants), color=False)
    assert "where       exit_group / no call / write in task set 0" in shown.splitlines()
    assert section(shown, "Calls") == [
        '  leader 0     write(3<socket:[77]>, "hello", 5)',
        "  follower 1   exit_group(1)",
        "  follower 2   no call",
    ]
    assert "  follower 2   pid 402, killed by SIGSEGV" in shown.splitlines()


def test_different_results_are_marked() -> None:
    variants = tuple(
        state(at, replace(write_call(b"x", differs=False), result=result))
        for at, result in enumerate(("0", "-1 ENOMEM"))
    )
    shown = report.text(replace(DIVERGENCE, kind="result", variants=variants), color=False)
    assert section(shown, "Arguments of write")[-3:] == [
        "! = result     leader 0     0",
        "               follower 1   -1 ENOMEM",
        "                            ^",
    ]


def test_equal_stacks_are_shown_once_and_doubtful_frames_are_marked() -> None:
    shown = report.text(DIVERGENCE, color=False)
    assert section(shown, "Stack of leader 0 and follower 1 (addresses of leader 0)") == [
        "  #0  0x00007f0cc922e503  write+0x23 (libc.so.6+0xcf503)",
        "  #1  0x00005558ad2c54af  reply+0xaf (server+0x64af)",
    ]
    variants = (state(0, None, WRITE), state(1, None, WRITE, WILD))
    shown = report.text(replace(DIVERGENCE, variants=variants), color=False)
    assert section(shown, "Stack of leader 0")
    assert section(shown, "Stack of follower 1")[1:] == [
        "? #1  0x0000000041414141  [unmapped]+0x41414141",
        "  ? = not sure: no unwind information, or no plausible return address",
    ]


def test_a_death_shows_the_registers() -> None:
    assert "Registers of" not in report.text(DIVERGENCE, color=False)
    shown = report.text(replace(DIVERGENCE, kind="death", signal="SIGSEGV"), color=False)
    assert section(shown, "Registers of follower 1") == ["     rip 0x0000000000001000"]
    assert "signal      SIGSEGV" in shown.splitlines()


def test_color_only_adds_styles() -> None:
    colored = report.text(DIVERGENCE, color=True)
    assert "\x1b[1;31mmvx: divergence" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == report.text(DIVERGENCE, color=False)


@given(divergences)
@settings(deadline=None)
def test_no_content_controls_the_terminal_or_leaves_the_columns(divergence: Divergence) -> None:
    lines = report.text(divergence, color=False).split("\n")
    assert lines.pop() == ""
    assert all(line.isprintable() and len(line) <= report.WIDTH for line in lines)


# JSON


@given(divergences)
@settings(deadline=None)
def test_json_round_trip_and_schema(divergence: Divergence) -> None:
    value = json.loads(report._json(divergence))
    jsonschema.validate(value, SCHEMA)
    del value["schema_version"]
    assert Divergence.from_json(value) == divergence


def test_save_and_load(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    report.save(DIVERGENCE, path)
    assert report.load(path) == DIVERGENCE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["report.json"]
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)
    assert report.render(path) == report.text(DIVERGENCE, color=False).removesuffix("\n")
    assert json.loads(report.render(path, form="json")) == json.loads(path.read_text())


def test_save_writes_into_a_pipe_and_behind_a_link(tmp_path: Path) -> None:
    read, write = os.pipe()
    report.save(replace(DIVERGENCE, variants=()), f"/proc/self/fd/{write}")
    os.close(write)
    with open(read, "rb") as file:
        assert json.loads(file.read())["seed"] == 42
    (tmp_path / "link").symlink_to(tmp_path / "real")
    report.save(DIVERGENCE, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert report.load(tmp_path / "real") == DIVERGENCE


def test_save_fails_with_the_kernels_word(tmp_path: Path) -> None:
    with pytest.raises(errors.FileFailed, match="No such file or directory"):
        report.save(DIVERGENCE, tmp_path / "none" / "report.json")
    with pytest.raises(errors.FileFailed, match="Is a directory"):
        report.load(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Expecting value"),
        (b"\xff\xfe", "not a divergence report"),
        (b"[" * 100_000, "not a divergence report"),
        (b"[]", "no schema_version"),
        (b'{"schema_version": 1}', "Divergence: not a Divergence"),
        (b'{"schema_version": 9, "mvx_version": "7.0"}', "schema version 9"),
    ],
)
def test_load_refuses_what_is_no_report(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(errors.InvalidReport, match=words):
        report.load(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "other"),
        ("task_set", True),
        ("task_set", "0"),
        ("command", "ls"),
        ("descriptors", [[0]]),
        ("variants", [{}]),
        ("first_difference", {"argument": "x"}),
        ("signal", 11),
    ],
)
def test_load_names_the_field_that_is_wrong(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "report.json"
    report.save(DIVERGENCE, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(errors.InvalidReport, match=rf"Divergence\.{field}"):
        report.load(path)


def test_the_page_explains_every_kind_source_and_field() -> None:
    page = (REFERENCE / "report.md").read_text()
    rows = re.findall(r"^\| `?([^|`]+?)`? +\|", page, re.MULTILINE)
    assert {*KINDS, *(source.name for source in SOURCES)} <= set(rows)
    assert set(SCHEMA["properties"]) <= set(rows)
    assert report.text(DIVERGENCE, color=False) in page


# The first difference and its likely source


@given(st.lists(st.none() | st.binary(max_size=80), min_size=2, max_size=4))
def test_first_difference(data: list[bytes | None]) -> None:
    known = [item or b"" for item in data]
    found = first_difference("buf", data)
    if found is None:
        assert len(set(known)) == 1
        return
    assert len({item[: found.offset] for item in known}) == 1
    assert len({item[: found.offset + 1] for item in known}) > 1
    assert found.start <= found.offset < found.start + 48
    assert all(
        item[found.start :].startswith(window)
        for item, window in zip(known, found.windows, strict=True)
    )


def guess(*data: bytes, threads: int = 1) -> str | None:
    variants = [state(at, write_call(item)) for at, item in enumerate(data)]
    found = likely_source("argument", variants, first_difference("buf", data), threads=threads)
    return found.name if found is not None else None


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (ADDRESSES, "address leak"),
        ((b"at 55d0c0a1e2a0\n", b"at 5601b7b3f2a0\n"), "address leak"),
        ((struct.pack("<IQ", 1, 0x7F3A1022), struct.pack("<IQ", 1, 0x7F9B20B5)), None),
        (
            (b"an entry" + FIRST.to_bytes(8, "little"), b"an entry" + SECOND.to_bytes(8, "little")),
            "address leak",
        ),
        ((b"pid 400 ready", b"pid 401 ready"), "process id"),
        ((struct.pack("<QI", 7, 400), struct.pack("<QI", 7, 401)), "process id"),
        ((b"k46 k15 k26 k11\n", b"k11 k31 k26 k15\n"), None),
        ((b"now 1767323045.120394", b"now 1767323045.133371"), "time"),
        ((b"[1767323045] up", b"[1767323046] up"), "time"),
        ((b"Fri, 02 Jan 2026 03:04:05 GMT", b"Fri, 02 Jan 2026 03:04:06 GMT"), "time"),
        ((struct.pack("<QQ", 1767323045, 9), struct.pack("<QQ", 1767323046, 9)), "time"),
        ((b"\1\0\0\0\0\0\0\0rest", b"\1\0\0\0\x10\xc0\xd2\x0frest"), "uninitialised memory"),
        ((bytes(range(16, 48)), bytes(range(96, 128))), "random numbers"),
        ((b"/tmp/tmp.x8Kq2ZpL", b"/tmp/tmp.Yw3nB7sD"), "random numbers"),
        ((b"left", b"right"), None),
        ((b"", b"x"), None),
    ],
)
def test_likely_source_of_differing_bytes(data: tuple[bytes, ...], name: str | None) -> None:
    assert guess(*data) == name


def test_likely_source_knows_the_variants_own_addresses() -> None:
    data = [b"odd" + struct.pack("<Q", at) for at in (0x10_0000_1000, 0x20_0000_1000)]
    variants = [state(at, write_call(item)) for at, item in enumerate(data)]
    difference = first_difference("buf", data)
    assert likely_source("argument", variants, difference) is None
    beside = first_difference("buf", [b"at 0x7ffeeaeb89b7\n", b"at 0x7fff1d60d28f\n"])
    found = likely_source("argument", variants, beside, ranges=[[(1, 2)], [(1, 2)]], threads=2)
    assert found is not None
    assert found.name == "address leak"
    ranges = [[(0x10_0000_0000, 0x10_0001_0000)], [(0x20_0000_0000, 0x20_0001_0000)]]
    found = likely_source("argument", variants, difference, ranges=ranges)
    assert found is not None
    assert found.name == "address leak"


def test_likely_source_without_bytes() -> None:
    fine, faulted = state(0, None), state(1, None, words="stopped by SIGSEGV at 0x41414141")
    named = {
        kind: found.name
        for kind in KINDS
        if (found := likely_source(kind, [fine, fine], None)) is not None
    }
    assert named == {
        "timeout": "one variant late",
        "refused": "unsupported",
        "integrity": "monitor attacked",
    }
    assert getattr(likely_source("death", [fine, faulted]), "name", None) == "memory corruption"
    assert likely_source("death", [faulted, faulted]) is None
    found = likely_source("call", [fine, fine], threads=2)
    assert getattr(found, "name", None) == "thread interleaving"


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(states, max_size=3),
    st.lists(st.binary(max_size=80), min_size=2, max_size=3),
)
@settings(deadline=None)
def test_likely_source_never_fails(
    kind: str, variants: list[VariantState], data: list[bytes]
) -> None:
    likely_source(kind, variants, first_difference("buf", data))  # type: ignore[arg-type]
