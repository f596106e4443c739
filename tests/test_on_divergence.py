"""--on-divergence: the minority is dropped and the rest goes on, or all is only told."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mvx import rules

if TYPE_CHECKING:
    from collections.abc import Callable

VOTE = Path(__file__).parent / "disagreement" / "vote.c"
SHOW = VOTE.parents[1] / "diversity" / "show.c"
GOES_ON = VOTE.with_name("goes_on.c")
DIVERGENCE = 121
FAULTS = ["bytes", "length", "effect", "more-queries", "crash", "fault", "exit", "hang"]
PARTS = {"bytes": b"at 0xabcd\n", "length": b"all is right\n"}


class Programs(NamedTuple):
    right: Path
    wrong: Path


@pytest.fixture
def programs(compiled: Callable[..., Path]) -> Programs:
    return Programs(compiled(VOTE), compiled(VOTE, "-DWRONG"))


class Runner:
    """Runs variants of both kinds, in a directory with a file that must not go."""

    def __init__(self, command: list[str], place: Path) -> None:
        self.command = [*command, "run", "--watchdog", "3"]
        self.place = place

    def __call__(
        self, options: list[str | Path], files: list[Path], *words: str
    ) -> subprocess.CompletedProcess[bytes]:
        effect = self.place / "effect"
        effect.touch()
        variants = [word for file in files[1:] for word in ("--variant", str(file))]
        ran = subprocess.run(
            [*self.command, *options, *variants, "--", files[0], *words],
            check=False,
            capture_output=True,
            timeout=60,
            cwd=self.place,
        )
        assert effect.exists(), "an effect that only the minority wanted"
        return ran


@pytest.fixture
def run(mvx_command: list[str], work_place: Path) -> Runner:
    return Runner(mvx_command, work_place)


@pytest.mark.parametrize("fault", FAULTS)
def test_follower_in_the_minority_is_dropped(fault: str, run: Runner, programs: Programs) -> None:
    files = [programs.right, programs.wrong, programs.right]
    ran = run(["--on-divergence", "drop", "--report", "report"], files, fault)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == b"before\n" + PARTS.get(fault, b"") + b"after\n"
    assert b"variant 1 dropped, 2 left" in ran.stderr
    assert b"mvx: divergence: " in ran.stderr
    assert (run.place / "report").stat().st_size


@pytest.mark.parametrize("where", ["", "in-child"])
@pytest.mark.parametrize("fault", [*PARTS, *sorted({*FAULTS, "fewer-queries"} - {*PARTS, "hang"})])
def test_follower_takes_over_from_leader(
    fault: str, where: str, run: Runner, programs: Programs
) -> None:
    """Of three, the leader is wrong: a follower goes on in its process, and another agrees."""
    files = [programs.wrong, programs.right, programs.right]
    words = [fault, where] if where else [fault]
    ran = run(["--on-divergence", "drop", "--report", "report"], files, *words)
    assert ran.returncode == 0, ran.stderr
    expected = b"before\n" + PARTS.get(fault, b"") + b"after\n"
    if where:
        expected += b"child done\nbefore\nafter\nchild done\n"
    assert ran.stdout == expected
    assert b"of the leader goes on as variant 1" in ran.stderr
    assert b"variant 1 dropped, 2 left" in ran.stderr
    assert (run.place / "report").stat().st_size


def test_who_took_over_has_all_of_the_leader(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """Memory, handlers, stacks; descriptors, event data, children, number; and what comes new."""
    right, wrong = (compiled(GOES_ON, *flags) for flags in ((), ("-DWRONG",)))
    natively = subprocess.run([right], check=True, capture_output=True, cwd=work_place)
    assert b"wrong" not in natively.stdout
    variants = ["--variant", right, "--variant", right]
    ran = subprocess.run(
        [*mvx_command, "run", "-n", "3", "--on-divergence", "drop", *variants, "--", wrong],
        check=False,
        capture_output=True,
        cwd=work_place,
        timeout=60,
    )
    assert b"of the leader goes on as variant 1" in ran.stderr
    assert ran.stdout == natively.stdout
    assert ran.returncode == 0


def test_leader_with_a_follower_in_the_minority(run: Runner, programs: Programs) -> None:
    files = [programs.wrong, programs.right, programs.wrong, programs.right, programs.right]
    ran = run(["--on-divergence", "drop"], files, "bytes")
    assert (ran.returncode, ran.stdout) == (0, b"before\nat 0xabcd\nafter\n"), ran.stderr
    assert b"variant 2 dropped, 4 left" in ran.stderr
    assert b"variant 1 dropped, 3 left" in ran.stderr


def test_majority_that_crashes_does_not_take_over(run: Runner, programs: Programs) -> None:
    """Two of three crash: their majority is to die, and nobody takes over."""
    files = [programs.right, programs.wrong, programs.wrong]
    ran = run(["--on-divergence", "drop"], files, "fault")
    assert (ran.returncode, ran.stdout) == (DIVERGENCE, b"before\n")


@pytest.mark.parametrize("fault", ["bytes", "effect", "crash", "fault"])
def test_child_without_majority_is_lost_alone(fault: str, run: Runner, programs: Programs) -> None:
    files = [programs.wrong, programs.right]
    ran = run(["--on-divergence", "drop"], files, fault, "in-child")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == b"before\nchild lost\nbefore\nafter\nchild done\n"


def test_two_are_no_majority(run: Runner, programs: Programs) -> None:
    ran = run(["--on-divergence", "drop"], [programs.right, programs.wrong], "bytes")
    assert ran.returncode == DIVERGENCE
    assert ran.stdout == b"before\n"


@pytest.mark.parametrize("fault", ["bytes", "length", "more-queries", "fewer-queries"])
def test_observed_difference_goes_on(fault: str, run: Runner, programs: Programs) -> None:
    ran = run(["--observe"], [programs.right, programs.wrong], fault)
    assert ran.returncode == 0
    assert ran.stdout == b"before\n" + PARTS.get(fault, b"") + b"after\n"
    assert b"mvx: observed: variant 1: " in ran.stderr
    assert b"dropped" not in ran.stderr


@pytest.mark.parametrize("fault", ["effect", "crash"])
def test_observed_variant_that_cannot_go_on_is_dropped(
    fault: str, run: Runner, programs: Programs
) -> None:
    ran = run(["--observe"], [programs.right, programs.wrong], fault)
    assert (ran.returncode, ran.stdout) == (0, b"before\nafter\n")
    assert b"variant 1 dropped, 1 left" in ran.stderr


@pytest.mark.parametrize("fault", ["bytes", "length", "more-queries", "fewer-queries"])
def test_calibrated_rules_are_the_rules_needed(fault: str, run: Runner, programs: Programs) -> None:
    files = [programs.right, programs.wrong]
    assert run([], files, fault).returncode == DIVERGENCE
    assert run(["--calibrate", "rules.toml"], files, fault).returncode == 0
    ran = run(["--rules", "rules.toml"], files, fault)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert run(["--rules", "rules.toml"], files, "effect").returncode == DIVERGENCE


def test_calibrated_rules_hold_for_another_output(run: Runner, programs: Programs) -> None:
    """What was a pipe at calibration may be a file when the rules are used, and the other way."""
    files = [programs.right, programs.wrong]
    assert run(["--calibrate", "rules.toml"], files, "bytes").returncode == 0
    assert 'path = "<stdout>"' in (run.place / "rules.toml").read_text()
    words = ["--rules", "rules.toml", "--variant", programs.wrong, "--", programs.right, "bytes"]
    with open(run.place / "output", "wb") as output:
        ran = subprocess.run(
            [*run.command, *words], check=False, cwd=run.place, stdout=output, timeout=60
        )
    assert ran.returncode == 0


def test_rule_ignores_only_what_it_matches(run: Runner, programs: Programs) -> None:
    rule = '[[rule]]\nreason = "addresses"\ncall = "write"\nargument = "buf"\nignore = "{}"\n'
    files = [programs.right, programs.wrong]
    for ignore, status in (("0x[0-9a-f]+", 0), ("0x[0-9]", DIVERGENCE)):
        (run.place / "rules.toml").write_text(rule.format(ignore))
        assert run(["--rules", "rules.toml"], files, "bytes").returncode == status


@pytest.mark.parametrize("what", ["code", "library", "loader", "stack", "canary"])
def test_addresses_that_correspond_are_equal(
    what: str, run: Runner, compiled: Callable[..., Path]
) -> None:
    """By a rule; a canary corresponds to nothing. What calibration proposes is that rule."""
    rule = 'reason = "x"\ncall = "write"\nargument = "buf"\nequal = "addresses"\n'
    (run.place / "rules.toml").write_text(f"[[rule]]\n{rule}")
    files = [compiled(SHOW)]
    assert run([], files, what).returncode == DIVERGENCE
    ran = run(["--rules", "rules.toml"], files, what)
    assert ran.returncode == (DIVERGENCE if what == "canary" else 0)
    assert bool(ran.stdout) == (what != "canary")
    assert run(["--calibrate", "proposed.toml"], files, what).returncode == 0
    proposed = (run.place / "proposed.toml").read_text()
    assert ('equal = "addresses"' in proposed) == (what != "canary")
    assert run(["--rules", "proposed.toml"], files, what).returncode == 0


def test_rules_that_come_with_mvx_can_be_read() -> None:
    for name in ("programs.toml", "builds.toml"):
        assert rules.load(Path(rules.__file__).with_name(name)).differences


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule]\n", "Expected"),
        ('[[rule]]\ncall = "write"\nargument = "buf"\n', "rule 1: no reason"),
        ('[[rule]]\nreason = "x"\ncall = "wrote"\nargument = "buf"\n', "wrote is no call"),
        ('[[rule]]\nreason = "x"\ncall = "write"\n', "either argument or surplus"),
        ('[[rule]]\nreason = "x"\ncall = "write"\nsurplus = "nobody"\n', "either argument"),
        ('[[rule]]\nreason = "x"\ncall = "write"\nargument = "buf"\nmay = "y"\n', "may is unknown"),
        ('[[rule]]\nreason = "x"\ncall = "write"\nargument = "buf"\nignore = "("\n', "ignore: "),
        (
            '[[rule]]\nreason = "x"\ncall = "write"\nargument = "buf"\nequal = "y"\n',
            'equal is "addresses"',
        ),
        ("[rules]\n", "rules is no list"),
        ('[[threads]]\nreason = "x"\nprogram = "y"\n', "threads 1: needs reason, program, way"),
        ('[[threads]]\nreason = "x"\nprogram = "y"\nway = "z"\n', "way is one of ordered"),
    ],
)
def test_wrong_rules(text: str, message: str, mvx_command: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    command = [*mvx_command, "run", "--rules", str(file), "--", "true"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 125
    assert message in ran.stderr
