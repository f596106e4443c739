"""`--trace FILE`: every call of every variant, and a run that is otherwise the same."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from mvx.outcome import DIVERGENCE_STATUS

LIMIT_S = 60
LINE = re.compile(
    r"(?P<variant>\d+) (?P<tid>\d+) "
    r"(?:(?P<name>\w+)\((?P<arguments>.*?)\)(?: = (?P<result>(?:\?|-?\d).*))?"
    r"|\+\+\+ .* \+\+\+|--- .* ---)"
)
LOCAL = {"mmap", "munmap", "mprotect", "brk", "madvise", "futex", "mremap"}


class Traced(NamedTuple):
    """A traced run: how it ended, what it printed, and the lines of its trace."""

    status: int
    stdout: str
    stderr: str
    lines: list[str]

    def of(self, variant: int) -> list[str]:
        """Return the lines of one variant without its number."""
        start = f"{variant} "
        return [line.removeprefix(start) for line in self.lines if line.startswith(start)]

    def results(self, variant: int, name: str) -> list[str]:
        """Return the results of all calls of that name by one variant."""
        found = [LINE.fullmatch(line) for line in self.lines]
        return [
            match["result"] or ""
            for match in found
            if match and (match["variant"], match["name"]) == (str(variant), name)
        ]


class Tracer:
    """Runs programs with a trace, and checks that each line has its form."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.command, self.folder = command, folder

    def __call__(self, *program: str, options: tuple[str, ...] = ()) -> Traced:
        target = self.folder / "trace"
        words = [*self.command, "run", *options, "--trace", str(target), "--", *program]
        done = subprocess.run(
            words, check=False, capture_output=True, text=True, timeout=LIMIT_S, cwd=self.folder
        )
        lines = target.read_text().splitlines()
        wrong = [line for line in lines if not LINE.fullmatch(line)]
        assert not wrong
        return Traced(done.returncode, done.stdout, done.stderr, lines)

    def compiled(self, text: str) -> str:
        """Compile a C program; return its path."""
        source, target = self.folder / "traced.c", self.folder / "traced"
        source.write_text(text)
        command = ["gcc", "-O1", "-w", "-pthread", "-o", str(target), str(source)]
        subprocess.run(command, check=True)
        return str(target)


@pytest.fixture
def trace(mvx_command: list[str], tmp_path: Path) -> Tracer:
    return Tracer(mvx_command, tmp_path)


@pytest.mark.parametrize("variants", [1, 2, 3])
def test_every_variant_has_its_lines(trace: Tracer, variants: int) -> None:
    done = trace("/bin/echo", "hello", options=("-n", str(variants)))
    assert (done.status, done.stdout, done.stderr) == (0, "hello\n", "")
    for variant in range(variants):
        lines = done.of(variant)
        assert re.fullmatch(r"\d+ \+\+\+ started as \d+ \+\+\+", lines[0])
        assert any(line.endswith(' write(1, "hello\\n", 6) = 6') for line in lines)
        assert lines[-2].endswith(" exit_group(0) = ?")
        assert lines[-1].endswith(" +++ exited with 0 +++")
        assert done.results(variant, "mmap")
        assert all(result.startswith("0x") for result in done.results(variant, "mmap"))
    assert len({line.split()[1] for line in done.lines}) == 1  # all have the leader's number
    assert not any(line[0] >= str(variants) for line in done.lines)


def test_variants_make_the_same_calls(trace: Tracer) -> None:
    done = trace("/bin/ls", "/")
    assert done.status == 0
    calls = [
        [
            (match["name"], match["result"])
            for match in map(LINE.fullmatch, done.lines)
            if match and match["variant"] == variant and match["name"] not in {None, *LOCAL}
        ]
        for variant in "01"
    ]
    assert calls[0] == calls[1]
    assert len(calls[0]) > 20


def test_outputs_are_shown(trace: Tracer) -> None:
    program = trace.compiled(r"""
        #include <poll.h>
        #include <unistd.h>
        int main(void) {
            int ends[2];
            char bytes[8];
            pipe(ends);
            write(ends[1], "abc", 3);
            struct pollfd wait = {ends[0], POLLIN};
            poll(&wait, 1, -1);
            read(ends[0], bytes, sizeof bytes);
            chdir("/nowhere/\n\033[31m");
            return 7;
        }""")
    done = trace(program)
    assert done.status == 7
    for variant in (0, 1):
        text = "\n".join(done.of(variant))
        assert " pipe([3, 4]) = 0\n" in text or " pipe2([3, 4], 0) = 0\n" in text
        assert ' read(3, "abc", 8) = 3\n' in text
        assert " poll([{fd=3, events=POLLIN}], 1, -1) = 1\n" in text
        assert r' chdir("/nowhere/\n\x1b[31m") = -1 ENOENT (No such file or directory)' in text
        assert " +++ exited with 7 +++" in text


def test_births_and_execs(trace: Tracer) -> None:
    done = trace("/bin/sh", "-c", "/bin/echo one | cat; exit 3")
    assert (done.status, done.stdout) == (3, "one\n")
    tids = []
    for variant in (0, 1):
        births = [*done.results(variant, "clone"), *done.results(variant, "vfork")]
        births += [*done.results(variant, "clone3"), *done.results(variant, "fork")]
        assert len(births) == 2
        assert done.results(variant, "execve") == ["0", "0"]
        started = [line.split()[0] for line in done.of(variant) if "+++ started as" in line]
        assert set(births) < set(started)
        tids.append(births)
    assert tids[0] == tids[1]  # the program sees the same numbers


def test_failed_exec(trace: Tracer) -> None:
    program = trace.compiled(r"""
        #include <unistd.h>
        int main(void) { return execl("/nowhere", "nowhere", (char *)0) + 1; }""")
    done = trace(program)
    assert done.status == 0
    for variant in (0, 1):
        assert done.results(variant, "execve") == ["-1 ENOENT (No such file or directory)"]


def test_threads(trace: Tracer) -> None:
    program = trace.compiled(r"""
        #include <pthread.h>
        #include <unistd.h>
        static void *run(void *unused) { return write(1, "t", 1) == 1 ? unused : 0; }
        int main(void) {
            pthread_t thread;
            pthread_create(&thread, 0, run, 0);
            pthread_join(thread, 0);
            return 0;
        }""")
    done = trace(program)
    assert (done.status, done.stdout) == (0, "t")
    for variant in (0, 1):
        (born,) = done.results(variant, "clone3") or done.results(variant, "clone")
        assert f'{born} write(1, "t", 1) = 1' in done.of(variant)


def test_signals(trace: Tracer) -> None:
    program = trace.compiled(r"""
        #include <signal.h>
        #include <unistd.h>
        static void handle(int number) { write(1, "h", 1); }
        int main(void) {
            signal(SIGUSR1, handle);
            kill(getpid(), SIGUSR1);
            getppid();
            kill(getpid(), SIGTERM);
            for (;;) pause();
        }""")
    done = trace(program)
    assert (done.status, done.stdout) == (-15, "h")
    leader = done.of(0)
    assert any("--- SIGUSR1 {si_code=SI_USER, si_pid=" in line for line in leader)
    for variant in (0, 1):
        lines = done.of(variant)
        assert sum("SIGUSR1" in line and line.endswith("delivered ---") for line in lines) == 1
        assert any(line.endswith(" rt_sigreturn() = ?") for line in lines)
    assert leader[-1].endswith("+++ killed by SIGTERM +++")


def test_faults(trace: Tracer) -> None:
    program = trace.compiled("int main(void) { *(volatile int *)16 = 1; return 0; }")
    done = trace(program)
    assert done.status == -11
    for variant in (0, 1):
        lines = done.of(variant)
        assert lines[-2].endswith("--- SIGSEGV {si_code=1, si_addr=0x10} fault ---")
        assert " +++ killed by SIG" in lines[-1]  # KILL where the leader's end came first
    assert done.of(0)[-1].endswith("+++ killed by SIGSEGV +++")


def test_emulated_instructions_are_no_faults(trace: Tracer) -> None:
    program = trace.compiled(r"""
        #include <x86intrin.h>
        int main(void) { return __rdtsc() == 0; }""")
    done = trace(program)
    assert done.status == 0
    for variant in (0, 1):
        assert any(line.endswith(" rdtsc()") for line in done.of(variant))
        assert not any("SIGSEGV" in line for line in done.of(variant))


def test_divergence_and_unfinished_calls(trace: Tracer) -> None:
    done = trace("/bin/cat", "/proc/self/maps")
    assert (done.status, done.stdout) == (DIVERGENCE_STATUS, "")
    assert any("+++ divergence: " in line for line in done.lines)
    for variant in (0, 1):
        assert any(
            " write(1, " in line and line.endswith(" = ? (unfinished)") for line in done.of(variant)
        )


def test_trace_that_cannot_be_written(mvx_command: list[str], tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    target = tmp_path / "nowhere" / "trace"
    words = [*mvx_command, "run", "--trace", str(target), "--", "touch", str(mark)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 125
    assert done.stderr.startswith("mvx: error: cannot write ")
    assert done.stderr.count("mvx: error") == 1
    assert not mark.exists()


def test_full_disk_does_not_end_the_run(mvx_command: list[str]) -> None:
    words = [*mvx_command, "run", "--trace", "/dev/full", "--", "/bin/echo", "hello"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout) == (0, "hello\n")
    assert done.stderr == "mvx: warning: the trace ends here: No space left on device\n"
