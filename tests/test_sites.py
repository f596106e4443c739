"""Patching: which bytes are instructions, which are written, and the cache that nobody trusts."""

from __future__ import annotations

import json
import os
import re
import stat
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_statistics import statistics

from mvx import lengths, sitecache, tactics
from mvx.records import TASK
from mvx.sitecache import SiteCache

LIMIT_S = 60
KEY = "0123456789abcdef0123456789abcdef01234567"
NOP = bytes.fromhex("662e0f1f840000000000")
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*(.*)")
ODD = ("(bad)", "rex", "data16", "cs", "ds", "es", "fs", "gs", "lock", "rep", "fs", "ss", "addr32")
"""What objdump prints for a prefix by itself."""


def disassembled(limit: int) -> list[tuple[int, bytes, str]]:
    """Instructions of the C library as objdump sees them."""
    words = ["objdump", "-d", "-w", "-j", ".text", "/lib/x86_64-linux-gnu/libc.so.6"]
    found = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if match := INSTRUCTION.match(line):
                found.append((int(match[1], 16), bytes.fromhex(match[2]), match[3]))
            if len(found) == limit:
                child.kill()
                break
    return found


@pytest.fixture(scope="module")
def code() -> list[tuple[int, bytes, str]]:
    return disassembled(60_000)


def test_lengths_are_those_of_objdump(code: list[tuple[int, bytes, str]]) -> None:
    wrong = [
        (hex(address), content.hex(" "), text)
        for address, content, text in code
        if not text.startswith(ODD) and lengths.length(content + bytes(15), 0) != len(content)
    ]
    assert len(code) == 60_000
    assert not wrong


def test_instructions_are_told_from_their_insides(code: list[tuple[int, bytes, str]]) -> None:
    base = code[0][0]
    content = bytearray(code[-1][0] + 15 - base)
    for address, each, _ in code:
        content[address - base : address - base + len(each)] = each
    starts = {address - base for address, _, _ in code}
    some = range(5000, len(content) - 100, 97)
    proven = [place for place in some if lengths.begins(bytes(content), place)]
    assert not [hex(place + base) for place in proven if place not in starts]
    assert len(proven) > 0.9 * len([place for place in some if place in starts])


@given(st.binary(max_size=40), st.integers(0, 40))
def test_length_of_anything(content: bytes, start: int) -> None:
    assert 0 <= lengths.length(content, start) <= min(15, max(0, len(content) - start))


@given(st.binary(max_size=100), st.integers(0, 99))
def test_nothing_is_proven_by_too_little(content: bytes, place: int) -> None:
    assert not lengths.begins(content[:place][:30], min(place, 30))


def filler(size: int) -> bytes:
    """Code that does nothing, in two-byte instructions."""
    return b"\x89\xc0" * (size // 2)


def run(content: bytes, position: int) -> list[int]:
    """Where the jumps lead, one after the other, until one by way of gs."""
    way = []
    while content[position] in (0xEB, 0xE9):
        form = "<b" if content[position] == 0xEB else "<i"
        size = struct.calcsize(form)
        distance = struct.unpack_from(form, content, position + 1)[0]
        position += 1 + size + distance
        way.append(position)
    return way


@pytest.mark.parametrize("kind", tactics.KINDS)
@pytest.mark.parametrize("padding", [NOP, NOP[2:], NOP[:1] + NOP[2:], b"\xcc" * 7])
@pytest.mark.parametrize("before", [False, True])
def test_padded(kind: tactics.Kind, padding: bytes, before: bool) -> None:
    parts = [filler(200), padding, filler(20), kind.code, filler(20), filler(200), bytes(64)]
    if not before:
        parts = [filler(200), kind.code, filler(20), padding, filler(220), bytes(64)]
    content = b"".join(parts)
    start, site = 0x7000_0000, content.index(kind.code, 200)
    target = len(content) - 40
    patch = tactics.padded(content, start, start + site, start + target, ())
    assert patch is not None
    assert patch.kind is kind
    new = bytearray(content)
    for place, old, written in patch.changes:
        at = place - start
        assert content[at : at + len(old)] == old
        new[at : at + len(written)] = written
    way = run(new, site)
    assert way[-1] == target
    assert set(way) <= {place - start for place in patch.rests}
    # The trampoline loads the address behind the site, and goes to the agent's entry.
    distance = struct.unpack_from("<i", new, target + 3)[0]
    assert target + 7 + distance == site + len(kind.code)
    assert new[target + 7 : target + 11] == b"\x65\xff\x24\x25"
    assert struct.unpack_from("<i", new, target + 11)[0] == TASK.offset(kind.field)
    # Who comes to the padding itself leaves it at its end.
    place = content.index(padding)
    if padding[0] != 0xCC:
        assert run(new, place)[0] == place + len(padding)
    changed = {at for at in range(len(content)) if new[at] != content[at]}
    allowed = {*range(place, place + len(padding)), site, site + 1}
    assert changed <= allowed | set(range(target, target + tactics.TRAMPOLINE_SIZE))


def test_padding_is_used_once() -> None:
    content = filler(200) + b"\x0f\x05" + filler(10) + b"\x0f\x05" + NOP + filler(200) + bytes(64)
    first = tactics.padded(content, 0, 200, len(content) - 40, ())
    assert first is not None
    assert tactics.padded(content, 0, 212, len(content) - 20, set(first.bound)) is None


def test_ambiguous_prefix_is_no_padding() -> None:
    # cmp $0x66, %al; nopl: the 66 belongs to the comparison.
    compare = b"\x3c\x66" + NOP[2:]
    content = filler(200) + b"\x0f\x05" + filler(10) + compare + filler(200) + bytes(64)
    patch = tactics.padded(content, 0, 200, len(content) - 20, ())
    assert patch is None or patch.bound.start == content.index(NOP[2:])


def test_punned_keeps_what_follows() -> None:
    site, following = 0x7F00_0000_0000, b"\x48\x3d\x00"
    targets = tactics.punned_targets(site, following)
    assert len(tactics.punned(tactics.SYSCALL, site, targets, targets[5]).changes[-1].new) == 1
    for target in (targets[0], targets[5], targets[77], targets[255]):
        patch = tactics.punned(tactics.SYSCALL, site, targets, target)
        jump = (patch.changes[-1].new + b"\x05")[:2] + following
        assert jump[0] == 0xE9
        assert site + 5 + struct.unpack("<i", jump[1:])[0] == target


def test_bytes_of_a_jump_are_left_alone() -> None:
    # The padding is part of the punned jump of the first site, and in reach of the second.
    content = filler(200) + b"\x0f\x05" + NOP + filler(4) + b"\x0f\x05" + filler(220) + bytes(64)
    targets = tactics.punned_targets(200, content[202:205])
    punned = tactics.punned(tactics.SYSCALL, 200, targets, targets[5])
    assert set(punned.bound) == {201, 202, 203, 204}
    assert tactics.padded(content, 0, 216, len(content) - 20, ()) is not None
    assert tactics.padded(content, 0, 216, len(content) - 20, set(punned.bound)) is None


def test_proof_of_a_site() -> None:
    assert tactics.is_proven(b"\xb8\x01\x00\x00\x00\x0f\x05", 5)
    assert tactics.is_proven(filler(100) + b"\x0f\x05", 100)
    assert not tactics.is_proven(filler(100) + b"\x48\xb8\x0f\x05" + bytes(6), 102)
    assert not tactics.is_proven(b"\x0f\x05", 0)


# The cache


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mvx" / "sites"


def test_cache_keeps_and_adds(home: Path) -> None:
    cache = SiteCache()
    assert cache.load(KEY) == {}
    cache.save(KEY, {KEY: {16, 32}})
    cache.save(KEY, {KEY: {48}, "ab" * 20: {1}})
    assert cache.load(KEY) == {KEY: {16, 32, 48}, "ab" * 20: {1}}
    assert [entry.name for entry in home.iterdir()] == [KEY]
    assert stat.S_IMODE((home / KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert cache.state == "used"


@given(st.binary(max_size=200))
def test_cache_reads_rubbish(content: bytes) -> None:
    for text in (content, b"mvx sites 1\n" + content, b"mvx sites 1\n" + b"ab" * 20 + content):
        for offsets in sitecache.parse(text).values():
            assert all(0 <= offset < 1 << 60 for offset in offsets)


@given(
    st.dictionaries(
        st.from_regex(r"[0-9a-f]{8,40}", fullmatch=True),
        st.sets(st.integers(0, 1 << 59), min_size=1, max_size=20),
        max_size=5,
    )
)
def test_cache_reads_what_it_wrote(sites: dict[str, set[int]]) -> None:
    assert sitecache.parse(sitecache.render(sites)) == sites


def spoil_mode(home: Path) -> None:
    (home / KEY).chmod(0o666)


def spoil_link(home: Path) -> None:
    os.rename(home / KEY, home / "elsewhere")
    os.symlink("elsewhere", home / KEY)


def spoil_kind(home: Path) -> None:
    (home / KEY).unlink()
    os.mkfifo(home / KEY)


def spoil_owner(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(home / KEY, 65534, 65534)


@pytest.mark.parametrize("spoil", [spoil_mode, spoil_link, spoil_kind, spoil_owner])
def test_file_of_others_is_not_read(home: Path, spoil: object) -> None:
    SiteCache().save(KEY, {KEY: {16}})
    assert SiteCache().load(KEY)
    assert callable(spoil)
    spoil(home)
    assert SiteCache().load(KEY) == {}


def test_directory_of_others_is_not_used(home: Path) -> None:
    SiteCache().save(KEY, {KEY: {16}})
    home.chmod(0o777)
    cache = SiteCache()
    assert "others may write it" in cache.state
    assert cache.load(KEY) == {}
    cache.save(KEY, {KEY: {32}})
    home.chmod(0o700)
    assert SiteCache().load(KEY) == {KEY: {16}}


def test_names_do_not_leave_the_directory(home: Path) -> None:
    cache = SiteCache()
    cache.save("../../escaped", {KEY: {16}})
    assert not list(home.parent.parent.rglob("escaped"))


def test_oldest_files_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitecache, "_PROGRAMS_LIMIT", 3)
    cache = SiteCache()
    names = [f"{number:040x}" for number in range(5)]
    for age, name in enumerate(names):
        cache.save(name, {KEY: {16}})
        os.utime(home / name, (1000 + age, 1000 + age))
    cache.save(names[4], {KEY: {32}})
    assert sorted(entry.name for entry in home.iterdir()) == names[2:]


# The survey


def test_survey_counts_what_objdump_counts(mvx_command: list[str]) -> None:
    loader = "/lib64/ld-linux-x86-64.so.2"
    words = [*mvx_command, "doctor", "--json", "--sites", loader]
    found = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    listing = subprocess.run(
        ["objdump", "-d", "-w", "-j", ".text", loader], check=True, capture_output=True, text=True
    ).stdout
    for kind in ("syscall", "rdtsc"):
        counts = found["counts"][kind]
        assert sum(counts.values()) == len(re.findall(rf"\t{kind}\b", listing))
        assert counts["trap"] <= sum(counts.values()) // 10
    assert len(found["sites"]) == sum(sum(each.values()) for each in found["counts"].values())


def test_survey_is_readable(mvx_command: list[str]) -> None:
    words = [*mvx_command, "doctor", "--sites", "/lib/x86_64-linux-gnu/libc.so.6"]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert re.search(r"^syscall +\d+  \d+ padded, \d+ punned, \d+ trap$", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["/etc/passwd", "/nowhere", "/tmp"])
def test_survey_of_no_program(mvx_command: list[str], name: str) -> None:
    words = [*mvx_command, "doctor", "--sites", name]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 125
    assert done.stderr.startswith(f"mvx: error: {name}: ")
    assert "Traceback" not in done.stderr


# Runs


def test_known_sites_do_not_trap(mvx_command: list[str], tmp_path: Path, home: Path) -> None:
    words = ("sh", "-c", "ulimit -n; echo told")
    first = statistics(mvx_command, tmp_path / "s", *words)
    second = statistics(mvx_command, tmp_path / "s", *words)
    assert first["sites"]["patched"][0]["known"] == 0
    assert second["sites"]["patched"][0]["known"] > 5
    assert second["sites"]["traps"] < first["sites"]["traps"] / 2
    assert second["variants"][1]["calls"] == first["variants"][1]["calls"]
    assert list(home.iterdir())


def test_known_in_the_same_run(mvx_command: list[str], tmp_path: Path, home: Path) -> None:
    options = ("--no-site-cache",)
    words = ("sh", "-c", "for i in 1 2 3 4 5 6; do /bin/true; done")
    value = statistics(mvx_command, tmp_path / "s", *words, options=options)
    assert value["sites"]["cache"] == "off"
    assert value["sites"]["patched"][0]["known"] > 10
    assert not home.exists()


def test_hostile_cache_changes_nothing(mvx_command: list[str], tmp_path: Path, home: Path) -> None:
    # Every place in the C library at which the two bytes stand, and thousands at which they do not.
    words = ("sh", "-c", "echo $((6 * 7)); ls / | wc -l")
    statistics(mvx_command, tmp_path / "s", *words)
    library = Path("/lib/x86_64-linux-gnu/libc.so.6").read_bytes()
    places = {match.start() for match in re.finditer(rb"\x0f\x05|\x0f\x31|\x0f\x01\xf9", library)}
    for entry in home.iterdir():
        known = sitecache.parse(entry.read_bytes())
        entry.write_bytes(
            sitecache.render({key: places | set(range(0, 1 << 21, 1021)) for key in known})
        )
    command = [*mvx_command, "run", "--", *words]
    done = subprocess.run(command, check=False, capture_output=True, timeout=LIMIT_S)
    natively = subprocess.run(words, check=True, capture_output=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout) == (0, natively.stdout), done.stderr


def test_home_that_cannot_be_written(mvx_command: list[str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    environment = {**os.environ, "XDG_CACHE_HOME": str(blocked)}
    line = [*mvx_command, "run", "--statistics", str(tmp_path / "s"), "--", "echo", "told"]
    done = subprocess.run(line, check=False, capture_output=True, timeout=LIMIT_S, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"told\n", b"")
    assert "Not a directory" in (tmp_path / "s").read_text()
