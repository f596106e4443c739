"""Job control: what a shell and a terminal do to a program, they do to all of its variants.

Most tests talk to an ordinary interactive bash on a terminal of their own. Nothing waits for a time
to pass, except where a program must stay stopped for longer than the watchdog allows.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT_S = 20
PROMPT = "prompt> "
SHELL = ["bash", "--norc", "--noprofile", "--noediting", "-i"]


class Terminal:
    """A terminal on which a program runs as the leader of its session."""

    def __init__(self, command: list[str]) -> None:
        """Start it."""
        self.process, self.master = pty.fork()
        if self.process == 0:
            os.environ.update({"PS1": PROMPT, "TERM": "dumb", "HISTFILE": "/dev/null"})
            os.execvp(command[0], command)
        self.seen = ""

    def write(self, text: str) -> None:
        """Type something."""
        os.write(self.master, text.encode())

    def expect(self, pattern: str) -> str:
        """Wait for output; return everything up to its end that was not yet returned."""
        end = time.monotonic() + LIMIT_S
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < end, f"no {pattern!r} in {self.seen!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # EIO: everybody has closed it
                    raise AssertionError(f"no {pattern!r} in {self.seen!r}") from None
        text, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return text

    def do(self, line: str) -> str:
        """Give the shell a line, and return what it prints until its next prompt."""
        self.write(f"{line}\n")
        return self.expect(PROMPT).removeprefix(f"{line}\r\n").removesuffix(PROMPT)

    def interrupt_job(self) -> None:
        """Press Ctrl-C when the shell has given the terminal to a job: `fg` says so too early."""
        shell = os.tcgetpgrp(self.master)
        self.write("fg\n")
        wait_for(lambda: os.tcgetpgrp(self.master) != shell, "no job in the foreground")
        self.write("\x03")

    def hang_up(self) -> None:
        """Take the terminal away."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def end(self) -> None:
        """Hang up, and wait for the session's leader."""
        self.hang_up()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@pytest.fixture
def terminal(remains: Callable[[], dict[int, str]]) -> Iterator[Callable[[list[str]], Terminal]]:
    """Start a program on a terminal; afterwards nothing may be left."""
    started: list[Terminal] = []

    def start(command: list[str]) -> Terminal:
        started.append(Terminal(command))
        return started[-1]

    yield start
    for one in started:
        one.end()
    assert not remains()


def line_of(command: list[str], *words: str) -> str:
    return " ".join([*command, "run", *words])


def processes_of(parent: int) -> list[int]:
    """Return a process and all below it; they must not come and go meanwhile."""
    found = [parent]
    for number in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{number}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def state(number: int) -> str:
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def test_stop_background_foreground_interrupt(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal]
) -> None:
    shell = terminal(SHELL)
    shell.expect(PROMPT)
    shell.write(line_of(mvx_command, "--", "sh -c 'echo ready; exec sleep 100'") + "\n")
    shell.expect("ready\r\n")
    shell.write("\x1a")
    assert re.search(r"\[1\]\+  Stopped  ", shell.expect(PROMPT))
    assert "Stopped" in shell.do("jobs")
    shell.do("bg")
    wait_for(lambda: "Running" in shell.do("jobs"), "does not run in the background")
    shell.interrupt_job()
    shell.expect(PROMPT)
    assert shell.do("echo $?").split() == ["130"]


def test_shell_with_job_control(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal]
) -> None:
    shell = terminal([*mvx_command, "run", "--", *SHELL])
    shell.expect(PROMPT)
    shell.write("sh -c 'echo ready; exec sleep 100'\n")
    shell.expect("ready\r\n")
    shell.write("\x1a")
    assert re.search(r"\[1\]\+  Stopped  ", shell.expect(PROMPT))
    shell.do("bg")
    assert "Running" in shell.do("jobs")
    shell.interrupt_job()
    shell.expect(PROMPT)
    assert shell.do("echo $?").split() == ["130"]
    assert shell.do("sleep 0.1 & wait; echo $?").split()[-1] == "0"
    assert shell.do("(exit 3) & wait $!; echo $?").split()[-1] == "3"
    assert shell.do("trap 'echo caught' USR1; kill -USR1 $$; echo after").split() == [
        "caught",
        "after",
    ]


@pytest.mark.parametrize("command", [["dash", "-i"], ["zsh", "-f", "-i"]], ids=lambda c: c[0])
def test_other_shells_stop_and_continue_pipelines(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal], command: list[str]
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    shell = terminal([*mvx_command, "run", "--", *command])
    shell.expect(PROMPT)
    shell.write("sh -c 'sleep 100 & echo ready; wait' | cat\n")
    shell.expect("ready\r\n")
    shell.write("\x1a")
    shell.expect("[Ss]topped|suspended")
    shell.expect(PROMPT)
    shell.interrupt_job()
    shell.expect(PROMPT)
    shell.write("echo status $?\n")
    shell.expect("status 130\r\n")


def test_script_makes_a_terminal_of_its_own(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal]
) -> None:
    words = ["script", "-qec", "stty cols 71; stty size; cat", "/dev/null"]
    typed = terminal([*mvx_command, "run", "--", *words])
    typed.expect(" 71\r\n")
    typed.write("one\n")
    typed.expect("one\r\none\r\n")
    typed.write("\x04")
    with pytest.raises(AssertionError):  # everybody has closed it
        typed.expect("two")


def test_program_suspends_itself(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal]
) -> None:
    shell = terminal(SHELL)
    shell.expect(PROMPT)
    shell.do(line_of(mvx_command, "--", *SHELL))
    assert "Stopped" in shell.do("suspend")
    assert "Stopped" in shell.do("jobs")
    shell.do("fg")
    assert "42" in shell.do("echo $((6 * 7))").split()
    shell.do("exit 7")
    assert shell.do("echo $?").split() == ["7"]


def test_handler_of_the_terminals_stop_runs_first(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal], tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text(
        "trap 'echo saved; kill -STOP $$; echo restored; exit 4' TSTP\n"
        "echo ready\nwhile :; do sleep 0.05; done\n"
    )
    shell = terminal(SHELL)
    shell.expect(PROMPT)
    shell.write(line_of(mvx_command, "--", f"sh {script}") + "\n")
    shell.expect("ready\r\n")
    shell.write("\x1a")
    text = shell.expect(PROMPT)
    assert text.index("saved") < text.index("Stopped")
    assert "restored" in shell.do("fg")
    assert shell.do("echo $?").split() == ["4"]


def test_reader_in_the_background_is_stopped(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal]
) -> None:
    shell = terminal(SHELL)
    shell.expect(PROMPT)
    shell.do(line_of(mvx_command, "--", "sh -c 'read line; echo got $line' &"))
    wait_for(lambda: "Stopped" in shell.do("jobs"), "is not stopped")
    shell.write("fg\n")
    shell.expect("line'\r\n")
    shell.write("something\n")
    assert "got something" in shell.expect(PROMPT)


def test_window_size(mvx_command: list[str], terminal: Callable[[list[str]], Terminal]) -> None:
    script = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"
    shell = terminal([*mvx_command, "run", "--", "sh", "-c", script])
    shell.expect("ready\r\n")
    fcntl.ioctl(shell.master, termios.TIOCSWINSZ, struct.pack("4H", 33, 77, 0, 0))
    shell.expect("33 77\r\n")


def test_terminal_is_lost(
    mvx_command: list[str], terminal: Callable[[list[str]], Terminal], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    script = f"trap 'echo hup >{target}; exit' HUP; echo ready; while :; do sleep 0.05; done"
    shell = terminal([*mvx_command, "run", "--", "sh", "-c", script])
    shell.expect("ready\r\n")
    shell.hang_up()
    wait_for(lambda: target.exists() and target.read_text() == "hup\n", "no SIGHUP")


@pytest.mark.parametrize("who", ["program", "mvx"])
def test_stopped_for_longer_than_the_watchdog(mvx_command: list[str], who: str) -> None:
    script = "echo $$; for i in $(seq 30); do sleep 0.05; done; echo done"
    command = [*mvx_command, "run", "--watchdog", "1", "--", "sh", "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        target = int(run.stdout.readline()) if who == "program" else run.pid
        if who == "mvx":
            run.stdout.readline()
        time.sleep(0.2)
        os.kill(target, signal.SIGSTOP)
        wait_for(lambda: state(target) in {"t", "T"}, "does not stop")
        time.sleep(2.5)
        os.kill(target, signal.SIGCONT)
        output, errors = run.communicate(timeout=LIMIT_S)
        assert (run.returncode, output, errors) == (0, "done\n", "")


@pytest.mark.parametrize("name", ["computes", "calls"])
def test_stop_stops_every_variant(
    name: str, mvx_command: list[str], compiled: Callable[..., Path]
) -> None:
    source = Path(__file__).parent / "job_control" / f"{name}.c"
    command = [*mvx_command, "run", "-n", "3", "--", str(compiled(source))]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run,
        contextlib.ExitStack() as ends,
    ):
        ends.callback(run.kill)
        assert run.stdout is not None
        program = int(run.stdout.readline())
        variants = [
            number
            for number in processes_of(run.pid)
            if os.readlink(f"/proc/{number}/exe").endswith(f"/{name}")
        ]
        assert len(variants) == 3
        for _ in range(3):
            os.kill(program, signal.SIGSTOP)
            wait_for(lambda: all(state(one) in "tT" for one in variants), "not all are stopped")
            os.kill(program, signal.SIGCONT)
            wait_for(lambda: all(state(one) in "RS" for one in variants), "not all go on")
        os.kill(program, signal.SIGTERM)
        assert run.wait(LIMIT_S) == 5


@pytest.mark.parametrize(
    "number", [signal.SIGUSR2, signal.SIGWINCH, signal.SIGURG, signal.SIGRTMIN + 3, signal.SIGTSTP]
)
def test_signals_to_mvx_are_passed_on(mvx_command: list[str], number: int) -> None:
    script = f"trap 'echo caught; exit 6' {number}; echo ready; while :; do sleep 0.02; done"
    command = [*mvx_command, "run", "--", "bash", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        run.send_signal(number)
        output, _ = run.communicate(timeout=LIMIT_S)
        assert (run.returncode, output) == (6, "caught\n")
