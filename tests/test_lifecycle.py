"""However a run ends, its status tells how, and nothing is left behind.

Nothing here waits for a time to pass: a program says when it is ready by a line of output, and what
must happen is waited for.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import conftest
import known_gaps
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Unprivileged

LIMIT_S = 20
DIVERGENCE = 121
TIMEOUT = 124
FAILURE = 125
NO_FILE_IN_MEMORY = """
import os, sys
from mvx.cli import main
from mvx.image import Image
Image.file = lambda self: os.pipe()[0]
sys.exit(main(sys.argv[1:]))
"""
READY_THEN_SLEEP = "echo $$; exec sleep 600"


class Run:
    """A run that is going on."""

    def __init__(self, command: list[str], place: Path, **options: Any) -> None:
        """Start it, with a directory of its own for temporary files."""
        self.temporary = place / "temporary"
        self.temporary.mkdir()
        self.temporary.chmod(0o777)
        own = {"TMPDIR": str(self.temporary), "MVX_TEST": os.environ["MVX_TEST"]}
        options = {**options, "cwd": place, "env": {**options.get("env", os.environ), **own}}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,
        )

    def line(self) -> str:
        """Wait for a line of output."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], LIMIT_S)[0], "says nothing"
        return self.process.stdout.readline().decode().strip()

    def send(self, number: int) -> None:
        """Send mvx itself a signal."""
        self.process.send_signal(number)

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: the status as subprocess has it, and the rest of the output."""
        try:
            output, errors = self.process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, errors = self.process.communicate()
            raise AssertionError(f"does not end: {errors.decode()}") from None
        assert not list(self.temporary.iterdir())
        return self.process.returncode, output.decode(), errors.decode()


@pytest.fixture
def start(
    mvx_command: list[str],
    unprivileged: Unprivileged,
    work_place: Path,
    remains: Callable[[], dict[int, str]],
) -> Iterator[Callable[..., Run]]:
    """Start `mvx run WORDS`, as the caller or as nobody; at the end nothing of it may be left."""
    runs: list[Run] = []
    before = shared_memory()

    def begin(*words: str, user: str = "caller", **options: Any) -> Run:
        command = mvx_command
        if user == "nobody":
            command, options = unprivileged.command, {**unprivileged.options, **options}
        runs.append(Run([*command, "run", *words], work_place, **options))
        return runs[-1]

    yield begin
    left = remains()
    for run in runs:
        with contextlib.suppress(ProcessLookupError):
            run.process.kill()
        run.process.communicate()
    assert not left, "processes are left"
    assert shared_memory() <= before


def shared_memory() -> set[str]:
    """Return mvx's files in shared memory (programs of other tests make some too)."""
    names = conftest.own_files()
    return {name for name in names if name.startswith("/dev/shm/") and "/mvx-test" not in name}


def variants(program: str) -> set[int]:
    """Return the numbers of this test's processes that execute a program."""
    found = set()
    for number in conftest.own_processes("MVX_TEST"):
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(f"/proc/{number}/exe")) == program:
                found.add(number)
    return found


def until(condition: Callable[[], Any]) -> Any:
    """Wait until something holds, and return it."""
    end = time.monotonic() + LIMIT_S
    while not (result := condition()):
        assert time.monotonic() < end, "does not happen"
        time.sleep(0.02)
    return result


def executing(program: str, count: int) -> set[int]:
    """Wait for that many processes that execute a program, and return their numbers."""
    found: set[int] = until(lambda: len(found := variants(program)) >= count and found)
    return found


def sleepers(count: int) -> set[int]:
    """Wait for that many processes that execute sleep."""
    return executing("sleep", count)


# Statuses


@pytest.mark.parametrize(
    ("status", "count"),
    [*((status, 2) for status in (0, 1, 121, 124, 125, 126, 127, 255)), (0, 1), (42, 1), (42, 3)],
)
def test_exit_status_passes_through(
    start: Callable[..., Run], work_place: Path, status: int, count: int
) -> None:
    file = work_place / "status"
    run = start("-n", str(count), "--status-file", str(file), "--", "sh", "-c", f"exit {status}")
    assert run.end() == (status, "", "")
    assert json.loads(file.read_text()) == {"outcome": "exited", "code": status}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *((name, 2) for name in ("HUP", "INT", "QUIT", "KILL", "SEGV", "PIPE", "TERM", "USR1")),
        *((name, count) for name in ("KILL", "SEGV") for count in (1, 3)),
    ],
)
def test_death_by_signal_passes_through(
    start: Callable[..., Run], work_place: Path, name: str, count: int
) -> None:
    file = work_place / "status"
    script = f"ulimit -c 0; kill -{name} $$"
    run = start("-n", str(count), "--status-file", str(file), "--", "sh", "-c", script)
    number = signal.Signals[f"SIG{name}"]
    assert run.end() == (-number, "", "")
    assert json.loads(file.read_text()) == {"outcome": "signaled", "code": number}


def test_shell_says_139(mvx_command: list[str]) -> None:
    script = '"$@" run -- sh -c "ulimit -c 0; kill -SEGV \\$\\$"; echo $?'
    result = subprocess.run(
        ["bash", "-c", script, "bash", *mvx_command], capture_output=True, text=True, check=False
    )
    assert result.stdout == "139\n"


@pytest.mark.parametrize("name", ["ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV", "SYS"])
def test_death_of_a_child_is_seen_by_its_parent(start: Callable[..., Run], name: str) -> None:
    script = f"ulimit -c 0; sh -c 'kill -{name} $$'; echo $?"
    status, output, _ = start("--", "sh", "-c", script).end()
    assert (status, output) == (0, f"{128 + signal.Signals[f'SIG{name}']}\n")


def test_divergence_is_told_from_an_exit_with_its_status(
    start: Callable[..., Run], work_place: Path, compiled: Callable[..., Path]
) -> None:
    file = work_place / "status"
    source = Path(__file__).parent / "hostile" / "gates.c"
    program = compiled(source, "-mfsgsbase")
    run = start("--status-file", str(file), "--", str(program), "normal-ptrace", "leader")
    assert run.end()[0] == DIVERGENCE
    assert json.loads(file.read_text()) == {"outcome": "divergence", "code": DIVERGENCE}


def test_failure_is_told_in_the_status_file(start: Callable[..., Run], work_place: Path) -> None:
    file = work_place / "status"
    run = start("--status-file", str(file), "--", "no-such-program")
    assert run.end()[0] == 127
    assert json.loads(file.read_text()) == {"outcome": "failed", "code": 127}


def test_wrong_command_line_is_told_in_the_status_file(
    start: Callable[..., Run], work_place: Path
) -> None:
    file = work_place / "status"
    file.write_text("old")
    run = start("--status-file", str(file), "--no-such-option", "--", "true")
    assert run.end()[0] == FAILURE
    assert json.loads(file.read_text()) == {"outcome": "failed", "code": FAILURE}


# Signals sent to mvx


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_signal_ends_the_program_and_mvx(start: Callable[..., Run], name: str) -> None:
    number = signal.Signals[f"SIG{name}"]
    run = start("--", "sh", "-c", READY_THEN_SLEEP, preexec_fn=no_core)
    run.line()
    sleepers(2)
    run.send(number)
    assert run.end() == (-number, "", "")


def no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "USR1"])
def test_program_handles_a_signal_sent_to_mvx(start: Callable[..., Run], name: str) -> None:
    script = f"trap 'echo caught; exit 5' {name}; echo ready; while :; do sleep 0.05; done"
    run = start("--", "sh", "-c", script)
    assert run.line() == "ready"
    run.send(signal.Signals[f"SIG{name}"])
    assert run.end() == (5, "caught\n", "")


def test_ignored_signal_changes_nothing(start: Callable[..., Run]) -> None:
    script = "trap '' TERM; echo ready; read line <fifo; echo $line"
    run = start("--", "sh", "-c", f"mkfifo fifo; {script}")
    assert run.line() == "ready"
    run.send(signal.SIGTERM)
    fifo = run.temporary.parent / "fifo"
    fifo.write_text("over\n")
    assert run.end() == (0, "over\n", "")


def test_interrupt_from_the_terminal(
    mvx_command: list[str], remains: Callable[[], dict[int, str]]
) -> None:
    number, terminal = pty.fork()
    if number == 0:
        script = "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.05; done"
        os.execvp(mvx_command[0], [*mvx_command, "run", "--", "sh", "-c", script])
    output = b""
    end = time.monotonic() + LIMIT_S
    sent = False
    while time.monotonic() < end:
        try:
            if select.select([terminal], [], [], 0.1)[0]:
                output += os.read(terminal, 4096)
        except OSError:  # EIO: everybody has closed it
            break
        if b"ready" in output and not sent:
            os.write(terminal, b"\x03")
            sent = True
    os.close(terminal)
    _, status = os.waitpid(number, 0)
    assert os.waitstatus_to_exitcode(status) == 5
    assert output.replace(b"^C", b"").split() == [b"ready", b"caught"]
    assert not remains()


# Deaths


BOTH_USERS = ["caller", "nobody"] if os.geteuid() == 0 else ["caller"]


@pytest.mark.parametrize("user", BOTH_USERS)
def test_statuses_of_every_user(start: Callable[..., Run], user: str) -> None:
    script = "ulimit -c 0; (exit 3); echo $?; sh -c 'kill -SEGV $$'; echo $?; kill -TERM $$"
    status, output, _ = start("--", "sh", "-c", script, user=user).end()
    assert (status, output) == (-signal.SIGTERM, "3\n139\n")


@pytest.mark.parametrize("user", BOTH_USERS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_killed_mvx_takes_everything_with_it(
    start: Callable[..., Run], count: int, user: str
) -> None:
    script = "sleep 600 & (sleep 600 & sleep 600) & echo ready; wait"
    run = start("-n", str(count), "--", "sh", "-c", script, user=user)
    run.line()
    sleepers(3 * count)
    run.send(signal.SIGKILL)
    assert run.end()[0] == -signal.SIGKILL
    assert until(lambda: not variants("sleep"))


def test_killed_mvx_leaves_the_status_file_empty(
    start: Callable[..., Run], work_place: Path
) -> None:
    file = work_place / "status"
    file.write_text("old")
    run = start("--status-file", str(file), "--", "sh", "-c", READY_THEN_SLEEP)
    run.line()
    run.send(signal.SIGKILL)
    run.end()
    assert file.read_text() == ""


@pytest.mark.parametrize("count", [1, 2, 3])
def test_killed_leader_is_a_killed_program(start: Callable[..., Run], count: int) -> None:
    run = start("-n", str(count), "--", "sh", "-c", READY_THEN_SLEEP)
    leader = int(run.line())
    assert leader in sleepers(count)
    os.kill(leader, signal.SIGKILL)
    assert run.end()[0] == -signal.SIGKILL


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("delay_ms", [0, 2, 4, 8])
def test_leader_killed_while_it_executes_is_a_killed_program(
    start: Callable[..., Run], count: int, delay_ms: int
) -> None:
    """Whatever the supervisor is doing with it at that moment."""
    run = start("-n", str(count), "--", "sh", "-c", "echo $$; exec sleep 60")
    leader = int(run.line())
    time.sleep(delay_ms / 1000)
    os.kill(leader, signal.SIGKILL)
    status, _, errors = run.end()
    assert status == -signal.SIGKILL, errors


@pytest.mark.parametrize(("count", "user"), [(2, "caller"), (3, "caller"), (2, BOTH_USERS[-1])])
def test_killed_follower_is_a_divergence(start: Callable[..., Run], count: int, user: str) -> None:
    run = start("-n", str(count), "--", "sh", "-c", READY_THEN_SLEEP, user=user)
    leader = int(run.line())
    follower = max(sleepers(count) - {leader})
    os.kill(follower, signal.SIGKILL)
    status, _, errors = run.end()
    assert status == DIVERGENCE
    assert "killed" in errors or "SIGKILL" in errors


@pytest.mark.parametrize("user", BOTH_USERS)
def test_killed_stand_in_parent_is_a_divergence(start: Callable[..., Run], user: str) -> None:
    """The process that holds a follower's PID namespace: its number is nobody's then."""
    run = start("--pids", "namespace", "--", "sh", "-c", READY_THEN_SLEEP, user=user)
    leader = int(run.line())
    (follower,) = sleepers(2) - {leader}
    os.kill(parent_of(follower), signal.SIGKILL)
    status, _, errors = run.end()
    assert (status, "MVX-E1" in errors) == (DIVERGENCE, False), errors


def parent_of(process: int) -> int:
    stat = Path(f"/proc/{process}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def test_killed_child_of_the_leader_is_seen_by_its_parent(start: Callable[..., Run]) -> None:
    run = start("--", "sh", "-c", "sleep 600 & echo $!; wait $!; echo $?")
    child = int(run.line())
    assert child in sleepers(2)
    os.kill(child, signal.SIGKILL)
    status, output, _ = run.end()
    assert (status, output) == (0, "137\n")


def test_killed_child_of_a_follower_is_a_divergence(start: Callable[..., Run]) -> None:
    run = start("--", "sh", "-c", "sleep 600 & echo $!; wait $!; echo $?")
    leaders = int(run.line())
    (followers,) = sleepers(2) - {leaders}
    os.kill(followers, signal.SIGKILL)
    assert run.end()[0] == DIVERGENCE


def test_stop_of_a_follower_changes_nothing(start: Callable[..., Run]) -> None:
    script = "echo $$; read line <fifo; echo $line"
    run = start("--", "bash", "-c", f"mkfifo fifo; {script}")
    leader = int(run.line())
    (follower,) = executing("bash", 2) - {leader}
    os.kill(follower, signal.SIGSTOP)
    os.kill(follower, signal.SIGTERM)
    (run.temporary.parent / "fifo").write_text("over\n")
    assert run.end() == (0, "over\n", "")


def test_stopped_leader_goes_on_when_continued(start: Callable[..., Run]) -> None:
    script = "echo $$; read line <fifo; echo $line"
    run = start("--", "bash", "-c", f"mkfifo fifo; {script}")
    leader = int(run.line())
    os.kill(leader, signal.SIGSTOP)
    os.kill(leader, signal.SIGCONT)
    (run.temporary.parent / "fifo").write_text("over\n")
    assert run.end() == (0, "over\n", "")


# Time limit


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "script",
    [
        "echo ready; sleep 600",
        "trap '' TERM INT HUP; echo ready; sleep 600",
        "echo ready; while :; do :; done",
        "setsid sleep 600 & sleep 600 & echo ready; exit 0",
    ],
    ids=["sleeps", "ignores", "computes", "background"],
)
def test_time_limit(start: Callable[..., Run], work_place: Path, count: int, script: str) -> None:
    file = work_place / "status"
    limits = ["--timeout", "2", "--status-file", str(file)]
    status, output, _ = start("-n", str(count), *limits, "--", "sh", "-c", script).end()
    assert (status, output) == (TIMEOUT, "ready\n")
    assert json.loads(file.read_text()) == {"outcome": "timeout", "code": TIMEOUT}


# Many processes


@pytest.mark.parametrize("count", [1, 2])
def test_background_processes_are_waited_for(start: Callable[..., Run], count: int) -> None:
    script = "(sleep 0.3; echo late) & (setsid sh -c 'sleep 0.5; echo later' &) ; exit 3"
    run = start("-n", str(count), "--", "sh", "-c", script)
    assert run.end() == (3, "late\nlater\n", "")


GROW = (
    "grow() { [ $1 = 0 ] || { grow $(($1 - 1)) & grow $(($1 - 1)) & wait; }; }; grow %d; echo grown"
)


def test_many_processes_end(start: Callable[..., Run]) -> None:
    assert start("--", "sh", "-c", GROW % 5).end() == (0, "grown\n", "")


def test_many_processes_die_with_mvx(start: Callable[..., Run]) -> None:
    script = "grow() { [ $1 = 0 ] && exec sleep 600; grow $(($1 - 1)) & grow $(($1 - 1)); }; grow 4"
    run = start("--", "sh", "-c", script)
    sleepers(24)
    run.send(signal.SIGKILL)
    run.end()
    assert until(lambda: not variants("sleep"))


def test_unbounded_forks_end_at_the_time_limit(start: Callable[..., Run]) -> None:
    script = "grow() { grow & grow & wait; }; ulimit -t 5; grow 2>/dev/null"
    status, _, errors = start("--timeout", "2", "--", "sh", "-c", script).end()
    assert status in {TIMEOUT, FAILURE}, errors
    assert "Traceback" not in errors


# Streams and limits


def test_reader_that_goes_away(
    mvx_command: list[str], remains: Callable[[], dict[int, str]]
) -> None:
    script = '"$@" run -- yes | head -1; echo ${PIPESTATUS[0]}'
    result = subprocess.run(
        ["bash", "-c", script, "bash", *mvx_command],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        restore_signals=True,
    )
    assert result.stdout == "y\n141\n"
    assert not remains()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(mvx_command: list[str], closed: str) -> None:
    script = f'"$@" run -- sh -c "exit 4" {closed}; echo status $? >&9'
    result = subprocess.run(
        ["bash", "-c", f"exec 9>&1; {script}", "bash", *mvx_command],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert (result.stdout, result.stderr) == ("status 4\n", "")


LIMITS = {
    "files": (resource.RLIMIT_NOFILE, 12),
    "memory": (resource.RLIMIT_AS, 64 << 20),
    "file-size": (resource.RLIMIT_FSIZE, 1 << 20),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_too_small_for_mvx(
    name: str, start: Callable[..., Run], request: pytest.FixtureRequest
) -> None:
    """The limits are the program's: mvx runs it, or says what it lacks."""
    if cause := known_gaps.LIFECYCLE.get(f"limit/{name}"):
        request.applymarker(pytest.mark.xfail(reason=cause, raises=AssertionError))
    limit, value = LIMITS[name]
    run = start("--", "true", preexec_fn=lambda: resource.setrlimit(limit, (value, value)))
    status, _, errors = run.end()
    assert (status, errors) == (0, "") or (status == FAILURE and "MVX-E105" in errors)


def test_kernel_that_executes_no_file_in_memory() -> None:
    """The supervisor writes the agent then, whose pages are not shared."""
    script = "/bin/echo one; /bin/echo two; (exit 7)"
    words = [sys.executable, "-c", NO_FILE_IN_MEMORY, "run", "-n", "2", "--", "sh", "-c", script]
    run = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (7, "one\ntwo\n", "")


@pytest.mark.parametrize("hard", [3000000 << 10, resource.RLIM_INFINITY])
def test_limit_of_the_address_space_is_what_it_was(start: Callable[..., Run], hard: int) -> None:
    soft = 3000000 << 10
    script = "ulimit -Sv; ulimit -Sv 2000000; sh -c 'ulimit -Sv'; ulimit -v 2500000; ulimit -Hv"
    run = start(
        *("--", "sh", "-c", script),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (soft, hard)),
    )
    assert run.end() == (0, "3000000\n2000000\n2500000\n", "")


def test_small_limit_of_the_address_space_is_named(start: Callable[..., Run]) -> None:
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_AS, (400 << 20, 400 << 20))
    status, _, errors = start("--", "true", preexec_fn=limit).end()
    assert status == FAILURE
    assert "ulimit -v" in errors


def test_soft_limit_of_open_files_is_the_programs_alone(start: Callable[..., Run]) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    run = start(
        *("-n", "3", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn; (ulimit -Sn)"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, hard)),
    )
    assert run.end() == (0, f"12\n{hard}\n12\n", "")


def test_processes_that_have_ended_hold_no_descriptors(start: Callable[..., Run]) -> None:
    """mvx has few, and more processes than that come and go."""
    script = "i=0; while [ $i -lt 60 ]; do (exit 3); /bin/true; i=$((i + 1)); done; echo done"
    run = start(
        *("--", "sh", "-c", script),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    assert run.end() == (0, "done\n", "")


def test_runs_one_after_another_leave_nothing(start: Callable[..., Run]) -> None:
    for _ in range(5):
        run = start("-n", "3", "--", "sh", "-c", "true | cat")
        assert run.end() == (0, "", "")
        run.temporary.rmdir()
