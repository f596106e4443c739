"""Exploits with a fixed payload against small programs (src/mvx/attacks): each succeeds natively.

Under mvx the attacker takes the addresses from one variant, as one who has a leak would.
`test_attack_is_stopped`: the run ends as a divergence, or the call is refused, before the first
byte of the effect. `test_expected_miss`: what does the same in every variant is not seen, and said
to be so (SECURITY.md). `mvx bench attacks` tries all of them against each diversification.
"""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import known_gaps
import pytest

from mvx import diversity
from mvx.attacks.suite import ATTACKS, OTHER_FILES, Attack
from mvx.attacks.trial import SOURCES, Outcome, Result, attempt, build
from mvx.attacks.victim import Victim
from mvx.bench import attacks

if TYPE_CHECKING:
    from collections.abc import Callable

FAILS_IN_THE_LEADER = {"T1-code-in-mapped-memory"}
"""With a follower's address the leader's own call fails (EFAULT): nothing happens in any variant.
"""
SHARE = 9
"""Of so many attacks of the matrix, one is tried here; `mvx bench attacks` tries all."""
MATRIX = [attack for attack in ATTACKS if attack.source == "matrix"]
TRIED = [attack for attack in ATTACKS if attack not in MATRIX] + MATRIX[::SHARE]
STOPPED = [attack for attack in TRIED if attack.is_stopped_by_default]
MISSED = [attack for attack in TRIED if not attack.is_stopped_by_default]
BY_NAME = {attack.name: attack for attack in ATTACKS}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacks")


@pytest.fixture
def attack_it(
    mvx_command: list[str], folder: Path, work_place: Path
) -> Callable[..., tuple[Result, bytes]]:
    """Try an attack natively or under mvx; what came of it, and the marker."""

    def attack_once(
        attack: Attack, *words: str, variant: int = 0, differs: frozenset[str] | None = None
    ) -> tuple[Result, bytes]:
        program = build(["gcc"], attack, folder)
        command = [*mvx_command, "run", *words, "--"] if words else []
        place = work_place / ("under-mvx" if words else "natively")
        result = attempt(attack, command, program, place, differs=differs, variant=variant)
        marker = place / "marker"
        return result, marker.read_bytes() if marker.exists() else b""

    return attack_once


DEFAULT = frozenset(diversity.DEFAULT)


def ways() -> list[tuple[str, str, int]]:
    """Every attack; of those that are no rows of a table, also with a follower's addresses, and
    some under another policy.
    """
    found = [(attack.name, "effects", 0) for attack in STOPPED]
    kit = [a.name for a in STOPPED if a.source not in {"matrix", "escape"}]
    found += [(name, "effects", 1) for name in kit]
    return found + [(name, "strict", 0) for name in kit[::3]]


@pytest.mark.parametrize(("name", "policy", "variant"), ways())
def test_attack_is_stopped(
    name: str,
    policy: str,
    variant: int,
    attack_it: Callable[..., tuple[Result, bytes]],
    record_property: Callable[[str, object], None],
    request: pytest.FixtureRequest,
) -> None:
    attack = BY_NAME[name]
    if cause := known_gaps.ATTACKS.get(name):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    if (policy, variant) == ("effects", 0):
        natively, _ = attack_it(attack)
        assert natively.outcome is Outcome.SUCCEEDED, "the exploit does not work natively"
    result, marker = attack_it(
        attack, "-n", "2", "--policy", policy, variant=variant, differs=DEFAULT
    )
    record_property("attempts", result.attempts)
    assert marker == b""
    allowed = {Outcome.STOPPED}
    if attack.is_escape or (variant and name in FAILS_IN_THE_LEADER):
        allowed.add(Outcome.NOTHING)
    assert result.outcome in allowed, result.words


@pytest.mark.parametrize("name", [attack.name for attack in MISSED])
def test_expected_miss(name: str, attack_it: Callable[..., tuple[Result, bytes]]) -> None:
    attack = BY_NAME[name]
    assert attack.why
    assert attack_it(attack)[0].outcome is Outcome.SUCCEEDED
    result, _ = attack_it(attack, "-n", "2", differs=DEFAULT)
    assert result.outcome is Outcome.MISSED, "no longer missed: say what stops it"


CAUGHT = [
    (attack.name, by)
    for attack in MISSED
    for by in ("heap", "fill", OTHER_FILES)
    if by in attack.needs and attack.source != "matrix"
]


@pytest.mark.parametrize(("name", "by"), CAUGHT)
def test_what_catches_a_miss(name: str, by: str, mvx_command: list[str]) -> None:
    command = [*mvx_command, "bench", "attacks", name, "--contender", by, "--format", "json"]
    ran = subprocess.run(command, check=True, capture_output=True, timeout=100)
    native, under_mvx = json.loads(ran.stdout)["results"]
    assert (native["contender"], native["outcome"]) == ("native", "succeeded")
    assert under_mvx["contender"] == by
    # A heap of another layout need not have the secret behind the buffer in any variant.
    assert under_mvx["outcome"] in ({"stopped", "no effect"} if by == "heap" else {"stopped"})


def test_service_goes_on_after_brute_force(
    mvx_command: list[str], folder: Path, work_place: Path
) -> None:
    """T7 with three variants and `drop`: the alarm, and other clients are served as before."""
    attack = BY_NAME["T7-brute-force"]
    program = build(["gcc"], attack, folder)
    honest = struct.pack("<H", 4) + b"ping"
    command = [*mvx_command, "run", "-n", "3", "--on-divergence", "drop", "--"]
    victim = Victim([*command, str(program)], program, work_place)
    try:
        assert victim.talk(honest) == b"ok\n"
        known = bytearray(b"A" * 72)
        while "mvx: divergence" not in victim.errors and len(known) < 80:
            for guess in range(256):
                body = bytes([*known, guess])
                if victim.talk(struct.pack("<H", len(body)) + body) == b"ok\n":
                    known.append(guess)
                    break
                if "mvx: divergence" in victim.errors:
                    break
        assert "mvx: divergence" in victim.errors
        assert [victim.talk(honest) for _ in range(3)] == [b"ok\n"] * 3
        assert victim.is_running
        assert victim.marker == b""
    finally:
        victim.kill()


@pytest.mark.parametrize("what", ["tell", "stop"])
def test_first_wrong_guess_is_seen(
    what: str, mvx_command: list[str], folder: Path, work_place: Path
) -> None:
    """T7 with `--on-crash`."""
    program = build(["gcc"], BY_NAME["T7-brute-force"], folder)
    command = [*mvx_command, "run", "-n", "2", "--on-crash", what, "--"]
    victim = Victim([*command, str(program)], program, work_place)
    try:
        assert victim.talk(struct.pack("<H", 4) + b"ping") == b"ok\n"
        assert "mvx: " not in victim.errors
        victim.talk(struct.pack("<H", 74) + b"A" * 74)
        if what == "stop":
            assert victim.ended(10) == 121
        else:
            assert victim.talk(struct.pack("<H", 4) + b"ping") == b"ok\n"
        assert "crashed in all variants: SIGABRT" in victim.errors
    finally:
        victim.kill()


def test_leak_that_differs_in_all_costs_the_client_alone(
    mvx_command: list[str], tmp_path: Path
) -> None:
    """No two variants agree: nobody takes over, nobody is dropped, others are served."""
    program = tmp_path / "leaking_server"
    source = SOURCES / "leaking_server.c"
    subprocess.run(["gcc", "-O1", "-o", program, source], check=True)
    command = [*mvx_command, "run", "-n", "3", "--on-divergence", "drop", "--", str(program)]
    victim = Victim(command, program, tmp_path)
    try:
        assert [victim.talk(b"l"), victim.talk(b"a")] == [b"", b"ok\n"]
        assert [victim.talk(b"l"), victim.talk(b"a")] == [b"", b"ok\n"]
        assert victim.errors.count("ended in all variants") == 2
        assert "dropped" not in victim.errors
    finally:
        victim.kill()


def test_fixed_release_is_served(mvx_command: list[str], folder: Path, work_place: Path) -> None:
    """Two releases of a server agree on what is no attack."""

    def ask(victim: Victim) -> None:
        victim.talk(bytes(4) + b"\6\0\0\0")

    def answered(victim: Victim) -> bool:
        return victim.received == b"public"

    fault = BY_NAME["T9-fault-of-one-release"]
    honest = fault._replace(exploit=ask, worked=answered)
    programs = [build(["gcc"], fault, folder, other=other) for other in (False, True)]
    command = [*mvx_command, "run", "--variant", str(programs[1]), "--"]
    result = attempt(honest, command, programs[0], work_place / "honest", differs=DEFAULT)
    assert result.outcome is Outcome.MISSED, result.words  # that is: it worked


def test_table_tells_all(mvx_command: list[str]) -> None:
    """What is printed: outcomes, counts, and the reason of a miss."""
    words = ["T8-command-injection", "T13-stack-return-direct-rop", "--contender", "default"]
    ran = subprocess.run(
        [*mvx_command, "bench", "attacks", *words], check=True, capture_output=True, timeout=60
    )
    text = ran.stdout.decode()
    lines = [line.split() for line in text.splitlines()]
    assert ["T8-command-injection", "succeeded", "missed"] in lines
    assert ["T13-stack-return-direct-rop", "succeeded", "stopped"] in lines
    assert "default: 1 missed, 1 stopped" in text
    assert "the same bytes mean the same in every variant" in text


def test_every_cell_is_there() -> None:
    """Four places, five targets, two ways, three payloads, without what cannot be."""
    assert len(MATRIX) == 4 * 5 * 2 * 3 - 3 * 3 - 4 * 3 == len({attack.name for attack in MATRIX})
    assert all(attack.is_stopped_by_default for attack in MATRIX)
    quick = attacks.chosen_attacks([], quick=True)
    assert 0 < len([attack for attack in quick if attack in MATRIX]) < 20


def test_misses_tell_what_was_not_tried() -> None:
    """A table of the default set alone says which other diversification is known to help."""
    default = next(each for each in attacks.contenders() if each.name == "default")
    tried = [each for each in ATTACKS if each.name.startswith(("T2-", "T8-command"))]
    rows = [attacks.Row(each, default, Result(Outcome.MISSED), "why") for each in tried]
    text = "\n".join(attacks.summary(rows))
    assert text.count("stopped by other-files, not tried") == 2
    assert text.count("stopped by nothing here") == 1
