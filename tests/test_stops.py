"""The loop in C that waits for stops: what it treats by itself, and what it must not."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from conftest import execute
from test_statistics import statistics

from mvx.kernel import SI_TKILL, Registers
from mvx.statistics import Statistics
from mvx.stops import KNOWN_MAX, Signal, Stops
from mvx.ticks import Ticks

if TYPE_CHECKING:
    from mvx.monitor import Monitor
    from mvx.tasks import Task

LIMIT_S = 60
PROGRAM = r"""
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call instruction that is made another, and may have another number, without a stop. */
static unsigned char code[] = {0x89, 0xf8, 0x0f, 0x05, 0xc3}; /* mov %edi,%eax; syscall; ret */

int main(void) {
    unsigned char *page = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    long (*call)(long) = (long (*)(long))(void *)page;
    long parent = getppid(), wrong = 0;
    for (int i = 0; i < 500; i++) {
        wrong += call(SYS_getppid) != parent;
    }
    wrong += call(SYS_getpid) != getpid();
    for (int i = 0; i < 500; i++) {
        wrong += call(SYS_getppid) != parent;
    }
    page[2] = 0xcd; /* int $0x80 */
    page[3] = 0x80;
    long refused = call(SYS_getppid);
    page[2] = 0x0f;
    page[3] = 0x05;
    wrong += call(SYS_getppid) != parent;
    printf("%ld %d\n", wrong, refused == -ENOSYS);
}
"""


@pytest.fixture
def stops() -> Iterator[Stops]:
    """A loop whose signals are blocked, as it asks for."""
    waited = {signal.SIGCHLD, signal.SIGUSR1}
    former = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    yield Stops(waited, Statistics(2), Ticks(cast("Monitor", SimpleNamespace())))
    while signal.sigtimedwait(waited, 0) is not None:
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, former)


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A child that runs until it is killed."""
    with subprocess.Popen(["sleep", "60"]) as child:
        yield child.pid
        child.kill()


def ended(stops: Stops) -> tuple[int, int] | Signal | None:
    """The next stop. Other threads of the tests do not block SIGCHLD and may take it away."""
    end_s = time.monotonic() + LIMIT_S
    while time.monotonic() < end_s:
        if found := stops.poll() or stops.wait(0.02):
            return found
    return None


def test_a_wait_ends_with_its_time(stops: Stops, sleeper: int) -> None:
    assert sleeper
    start_s = time.monotonic()
    assert stops.wait(0.05) is None
    assert time.monotonic() - start_s >= 0.05
    assert stops.poll() is None


def test_a_wait_ends_with_a_signal(stops: Stops, sleeper: int) -> None:
    assert sleeper
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
    assert stops.wait(LIMIT_S) == Signal(signal.SIGUSR1, SI_TKILL, os.getpid())


def test_a_wait_ends_with_a_task(stops: Stops, sleeper: int) -> None:
    os.kill(sleeper, signal.SIGKILL)
    assert ended(stops) == (sleeper, signal.SIGKILL)


def test_two_that_ended_with_one_signal_are_both_told_of(stops: Stops) -> None:
    """Ended processes send one SIGCHLD if it is still pending; so do tasks that stop."""
    with subprocess.Popen(["sleep", "60"]) as one, subprocess.Popen(["sleep", "60"]) as other:
        for child in (one, other):
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        while signal.sigtimedwait({signal.SIGCHLD}, 0) is not None:
            pass  # as if an earlier wait had met it
        found = {stops.wait(LIMIT_S), stops.wait(LIMIT_S)}
    assert found == {(one.pid, signal.SIGKILL), (other.pid, signal.SIGKILL)}


def test_nobody_left_is_told(stops: Stops) -> None:
    child = os.fork()
    if not child:
        os._exit(3)
    assert ended(stops) == (child, 3 << 8)
    with pytest.raises(ChildProcessError):
        stops.poll()


def task() -> Task:
    """As much of a task as is looked at."""

    class Stub:
        tid = 1
        space = None

    stub: Any = Stub()
    return cast("Task", stub)


def test_what_is_known_is_forgotten_unless_kept(stops: Stops, sleeper: int) -> None:
    for site in range(2 * KNOWN_MAX):
        assert stops.learn(task(), Registers(rip=site), 0) == (site < KNOWN_MAX)
    stops.keep()
    assert stops.poll() is None
    assert stops.poll() is None  # nothing has happened: all is known yet
    assert not stops.learn(task(), Registers(rip=0), 0)
    os.kill(sleeper, signal.SIGKILL)
    assert ended(stops) == (sleeper, signal.SIGKILL)
    with pytest.raises(ChildProcessError):
        stops.poll()
    assert stops.learn(task(), Registers(rip=0), 0)


def test_the_counter_is_trapped_unless_it_is_left(mvx_command: list[str], work_place: Path) -> None:
    """The loader reads the time stamp counter."""
    found = [
        statistics(mvx_command, work_place / "s", "true", options=("--no-patch", *more))
        for more in ((), ("--rdtsc", "known"))
    ]
    assert found[0]["instructions"]["rdtsc"] > 0
    assert found[1]["instructions"]["rdtsc"] == 0


def test_what_changes_at_a_known_site_is_seen(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """Another number, and the 32-bit entry, at the place of a call that trapped before."""
    source = work_place / "changes_sites.c"
    source.write_text(PROGRAM)
    words = str(compiled(source))
    for options in ((), ("--no-patch",)):
        done = execute([*mvx_command, "run", *options, "--", words], work_place, LIMIT_S)
        assert done.stdout == "0 1\n", done.stderr
        assert "32-bit" in done.stderr
    value = statistics(mvx_command, work_place / "s", words)
    for variant in value["variants"]:
        assert variant["stops"]["trap"] >= 1000
    assert sum(each["traps"] for each in value["sites"]["unpatched"]) >= 2000
