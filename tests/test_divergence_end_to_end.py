"""Programs whose variants disagree: the run ends before the effect, with a report that says why.

One program does everything; its first argument says what. Variants tell themselves apart by the
address of their code: the seed fixes where each variant's code lies, so the test can name one.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jsonschema
import pytest

from mvx import report
from mvx.diversity import DEFAULT
from mvx.outcome import DIVERGENCE_STATUS
from mvx.placement import Placement

if TYPE_CHECKING:
    from mvx.divergence import Divergence

SCHEMA = json.loads(
    (Path(__file__).parent.parent / "docs" / "reference" / "divergence.schema.json").read_text()
)
SEED = 1
LONG = 1 << 20
DEEP = 300_000
LIMIT_S = 60

PROGRAM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

int main(int, char **);
static const char *out;
static int chosen; /* 1 in one of the variants */

NOINLINE int create(void) { return open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644); }

NOINLINE void leak(void) {
    char line[64];
    int size = snprintf(line, sizeof line, "main is at %p\n", (void *)main);
    if (write(create(), line, size) != size) _exit(1);
}

/* Leaves an address of its own in the stack, below what its caller will use next. */
NOINLINE void litter(void) {
    volatile uintptr_t words[32];
    for (int i = 0; i < 32; i++) words[i] = (uintptr_t)main;
}

NOINLINE void overread(void) {
    volatile char words[256]; /* never set: what litter left */
    write(create(), (const void *)words, sizeof words);
}

NOINLINE void crash(void) { *(volatile int *)8 = 1; }

NOINLINE void spin(void) {
    for (volatile int i = 0;; i++) {
    }
}

NOINLINE void *in_thread(void *unused) {
    leak();
    return unused;
}

NOINLINE void send_two_parts(void) {
    int pair[2];
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    char last[2] = {'a', chosen ? 'b' : 'c'};
    struct iovec parts[2] = {{"first ", 6}, {last, 2}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    sendmsg(pair[0], &message, 0);
}

int main(int count, char **arguments) {
    const char *what = arguments[1];
    out = arguments[2];
    uintptr_t place = strtoull(arguments[3], NULL, 16), own = (uintptr_t)main;
    chosen = (own > place ? own - place : place - own) < 1UL << 40;
    if (!strcmp(what, "leak")) {
        leak();
    } else if (!strcmp(what, "overread")) {
        litter();
        overread();
    } else if (!strcmp(what, "crash")) {
        if (chosen) crash();
        close(create());
    } else if (!strcmp(what, "call")) {
        if (chosen) unlink(out);
        else create();
    } else if (!strcmp(what, "spin")) {
        if (chosen) spin();
        create();
    } else if (!strcmp(what, "ahead")) {
        char path[64];
        snprintf(path, sizeof path, "/nowhere/%d", chosen);
        access(path, R_OK);
        pause();
    } else if (!strcmp(what, "deep")) {
        char *bytes = calloc(1, LONG);
        bytes[DEEP] = (char)(1 + chosen);
        write(create(), bytes, LONG);
    } else if (!strcmp(what, "vector")) {
        char last[2] = {'a', chosen ? 'b' : 'c'};
        struct iovec parts[3] = {{"first ", 6}, {"", 0}, {last, 2}};
        writev(create(), parts, 3);
    } else if (!strcmp(what, "message")) {
        send_two_parts();
    } else if (!strcmp(what, "structure")) {
        struct itimerspec wait = {{0, 0}, {1, chosen}};
        timerfd_settime(timerfd_create(CLOCK_MONOTONIC, 0), 0, &wait, NULL);
        pause();
    } else if (!strcmp(what, "descriptor")) {
        write(create() + chosen, "x", 1);
    } else if (!strcmp(what, "thread")) {
        pthread_t thread;
        pthread_create(&thread, NULL, in_thread, NULL);
        pthread_join(thread, NULL);
    } else if (!strcmp(what, "child")) {
        if (fork() == 0) {
            leak();
            _exit(0);
        }
        wait(NULL);
    }
    return 0;
}
"""


class Run(NamedTuple):
    """One run that diverged: what it printed and reported, and the file that must stay as it is."""

    text: str
    divergence: Divergence
    out: Path


class Runner:
    """Runs the program, always with a report, and checks what holds for every divergence."""

    def __init__(self, command: list[str], program: Path, folder: Path) -> None:
        self.command, self.program, self.folder = command, program, folder

    def __call__(self, what: str, *options: str, variants: int = 2, chosen: int = 1) -> Run:
        place = Placement(SEED, variants, DEFAULT).file_address(chosen, 0)
        out, saved = self.folder / "out", self.folder / "report.json"
        words = [*self.command, "run", "-n", str(variants), "--seed", str(SEED), *options]
        words += ["--report", str(saved), "--", str(self.program), what, str(out), hex(place)]
        done = subprocess.run(
            words, check=False, capture_output=True, text=True, timeout=LIMIT_S, errors="replace"
        )
        assert done.returncode == DIVERGENCE_STATUS, f"{' '.join(words)}\n{done.stderr}"
        assert done.stdout == ""
        value = json.loads(saved.read_text())
        jsonschema.validate(value, SCHEMA)
        found = report.load(saved)
        assert done.stderr.startswith("mvx: divergence: ")
        assert found.summary.split()[0] in done.stderr
        assert [state.variant for state in found.variants] == list(range(variants))
        assert found.seed == SEED
        return Run(done.stderr, found, out)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diverging")
    source, target = folder / "diverging.c", folder / "diverging"
    source.write_text(PROGRAM)
    defines = [f"-DLONG={LONG}", f"-DDEEP={DEEP}"]
    subprocess.run(
        ["gcc", "-O0", "-w", "-pthread", *defines, "-o", str(target), str(source)], check=True
    )
    return target


@pytest.fixture
def run(mvx_command: list[str], program: Path, tmp_path: Path) -> Runner:
    return Runner(mvx_command, program, tmp_path)


def functions(divergence: Divergence, variant: int) -> list[str | None]:
    return [frame.function for frame in divergence.variants[variant].stack]


def test_written_address(run: Runner) -> None:
    done = run("leak")
    found = done.divergence
    assert found.kind == "argument"
    assert found.summary.startswith(
        "leader 0 and follower 1 call write with different bytes in buf"
    )
    difference = found.first_difference
    assert difference is not None
    assert difference.argument == "buf"
    first, second = difference.windows
    assert first.startswith(b"main is at 0x")
    assert first[: difference.offset] == second[: difference.offset]
    assert first[difference.offset] != second[difference.offset]
    for variant in (0, 1):
        assert functions(found, variant)[:3] == ["write", "leak", "main"]
        state = found.variants[variant]
        assert state.state == "at the call"
        assert state.call is not None
        assert [argument.differs for argument in state.call.arguments] == [False, True, False]
        assert state.call.arguments[0].text == f"3<{done.out}>"
        assert all(frame.reliable for frame in state.stack)
    assert found.agreed[-1] == f'openat(AT_FDCWD, "{done.out}", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3'
    assert (3, str(done.out)) in found.descriptors
    assert found.likely_source is not None
    assert found.likely_source.startswith("address leak")
    assert done.out.read_bytes() == b""
    assert "leak+0x" in done.text


def test_bytes_that_were_never_set(run: Runner) -> None:
    done = run("overread")
    assert done.divergence.kind == "argument"
    assert done.divergence.first_difference is not None
    assert functions(done.divergence, 1)[:3] == ["write", "overread", "main"]
    assert (done.divergence.likely_source or "").startswith("address leak")
    assert done.out.read_bytes() == b""


@pytest.mark.parametrize("chosen", [0, 1])
def test_crash_of_one_variant(run: Runner, chosen: int) -> None:
    done = run("crash", chosen=chosen)
    found = done.divergence
    assert (found.kind, found.signal) == ("death", "SIGSEGV")
    assert found.summary == f"variant {chosen} alone got SIGSEGV in crash"
    assert found.variants[chosen].state == "about to be killed by SIGSEGV"
    assert functions(found, chosen)[:2] == ["crash", "main"]
    assert found.variants[chosen].call is None
    assert functions(found, 1 - chosen)[-4:].count("main") == 1
    assert found.variants[1 - chosen].call is not None
    assert found.variants[chosen].registers["rip"] == found.variants[chosen].stack[0].address
    assert (found.likely_source or "").startswith("memory corruption")
    assert not done.out.exists()


def test_crash_is_more_than_a_late_variant(run: Runner) -> None:
    done = run("crash", "--watchdog", "1")
    assert (done.divergence.kind, done.divergence.signal) == ("death", "SIGSEGV")


def test_different_calls(run: Runner) -> None:
    done = run("call")
    found = done.divergence
    assert found.kind == "call"
    assert found.summary == "leader 0 calls openat where follower 1 calls unlink"
    assert found.first_difference is None
    assert functions(found, 0)[1:3] == ["create", "main"]
    assert functions(found, 1)[:2] == ["unlink", "main"]
    assert not done.out.exists()
    assert f'unlink("{done.out}")' in done.text


def test_three_variants(run: Runner) -> None:
    done = run("call", variants=3, chosen=2)
    assert done.divergence.kind == "call"
    call = done.divergence.variants[2].call
    assert call is not None
    assert call.name == "unlink"
    assert not done.out.exists()


def test_variant_that_does_not_arrive(run: Runner) -> None:
    done = run("spin", "--watchdog", "3")
    found = done.divergence
    assert found.kind == "timeout"
    assert functions(found, 1)[:2] == ["spin", "main"]
    assert "has not come to this call" in found.variants[1].state
    assert (found.likely_source or "").startswith("one variant late")
    assert not done.out.exists()


def test_leader_that_has_run_ahead(run: Runner) -> None:
    found = run("ahead").divergence
    assert found.kind == "argument"
    leader, follower = found.variants
    assert "went on" in leader.state
    assert leader.call is not None
    assert follower.call is not None
    assert (leader.call.name, leader.call.arguments[0].text) == ("access", '"/nowhere/0"')
    assert follower.call.arguments[0].text == '"/nowhere/1"'
    assert found.first_difference is not None
    assert found.first_difference.offset == len("/nowhere/")
    assert functions(found, 1)[:2] == ["access", "main"]


def test_leader_that_never_waits(run: Runner) -> None:
    found = run("leak", "--policy", "stream").divergence
    assert found.kind == "argument"
    leader, follower = found.variants
    assert leader.call is not None
    assert follower.call is not None
    assert (leader.call.arguments[1].data or b"").startswith(b"main is at 0x")
    assert leader.call.arguments[1].data != follower.call.arguments[1].data


def test_difference_deep_in_a_buffer(run: Runner) -> None:
    done = run("deep")
    difference = done.divergence.first_difference
    assert difference is not None
    assert (difference.argument, difference.offset) == ("buf", DEEP)
    at = DEEP - difference.start
    assert [window[at] for window in difference.windows] == [1, 2]
    assert done.out.read_bytes() == b""


@pytest.mark.parametrize(("what", "name"), [("vector", "vec"), ("message", "msg")])
def test_difference_in_gathered_buffers(run: Runner, what: str, name: str) -> None:
    done = run(what)
    difference = done.divergence.first_difference
    assert difference is not None
    assert (difference.argument, difference.offset) == (name, 7)
    assert difference.windows == (b"first ac", b"first ab")
    assert not done.out.exists() or done.out.read_bytes() == b""


def test_difference_in_a_structure(run: Runner) -> None:
    found = run("structure").divergence
    difference = found.first_difference
    assert difference is not None
    assert (difference.argument, difference.offset) == ("utmr", 24)
    call = found.variants[1].call
    assert call is not None
    assert "value_nsec=1" in call.arguments[2].text


def test_different_descriptor(run: Runner) -> None:
    done = run("descriptor")
    assert done.divergence.summary == "leader 0 and follower 1 call write with a different fd"
    assert done.divergence.first_difference is None
    assert done.out.read_bytes() == b""


@pytest.mark.parametrize(("what", "function"), [("thread", "in_thread"), ("child", "main")])
def test_in_another_task(run: Runner, what: str, function: str) -> None:
    done = run(what)
    assert done.divergence.kind == "argument"
    assert functions(done.divergence, 1)[1:3] == ["leak", function]
    assert done.divergence.task_set == 1
    assert done.out.read_bytes() == b""


def test_report_that_cannot_be_written_changes_nothing(
    mvx_command: list[str], program: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = [*mvx_command, "run", "--report", "/dev/full", "--", str(program), "leak", str(out)]
    done = subprocess.run(
        [*words, "0"], check=False, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == DIVERGENCE_STATUS
    assert "What to do" in done.stderr
    assert "cannot write the report /dev/full" in done.stderr


def test_cat_of_maps_is_explained(mvx_command: list[str], tmp_path: Path) -> None:
    saved = tmp_path / "report.json"
    words = [*mvx_command, "run", "--report", str(saved), "--", "cat", "/proc/self/maps"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, done.stdout) == (DIVERGENCE_STATUS, "")
    found = report.load(saved)
    assert found.agreed[-1].startswith('openat(AT_FDCWD, "/proc/self/maps", O_RDONLY) = ')
    assert (found.likely_source or "").startswith("address leak")
    assert functions(found, 0)[0] == "write"
