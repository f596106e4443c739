"""Signals of clocks: timers that fire often, in programs that compute."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from conftest import execute
from test_statistics import statistics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT_S = 60
PROGRAM = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WANTED = 150 };
static volatile sig_atomic_t ticks, others;
static volatile int wrong;
static timer_t timer;
static int values[2];

static void tick(int number, siginfo_t *information, void *context) {
    (void)context;
    int changed = ticks >= WANTED / 2;
    wrong += number != SIGRTMIN || information->si_value.sival_ptr != &values[changed];
    if (++ticks == WANTED / 2) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
        struct itimerspec often = {{0, 2000000}, {0, 2000000}};
        timer_delete(timer);
        event.sigev_value.sival_ptr = &values[1];
        timer_create(CLOCK_MONOTONIC, &event, &timer);
        timer_settime(timer, 0, &often, 0);
    }
}

static void other(int number) {
    (void)number;
    others++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = tick, .sa_flags = SA_SIGINFO};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    sigaction(SIGRTMIN, &action, 0);
    event.sigev_value.sival_ptr = &values[0];
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &often, 0);
    signal(SIGALRM, other);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 7000}, {0, 7000}}, 0);
    uint64_t state = 1, computed = 0;
    while (ticks < WANTED || others < 10) {
        for (int i = 0; i < 1000; i++) {
            state = state * 6364136223846793005u + 1;
        }
        computed += state != 0;
    }
    timer_delete(timer);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, 0);
    printf("%d %d\n", wrong, computed > 0);
}
"""


@pytest.mark.parametrize("variants", [2, 3])
def test_the_loop_delivers_a_clocks_signals(
    variants: int, compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    """Values that come with them are each variant's own, also when the timer is another."""
    source = work_place / "clock.c"
    source.write_text(PROGRAM)
    program = str(compiled(source))
    options = ("--variants", str(variants))
    done = execute([*mvx_command, "run", *options, "--", program], work_place, LIMIT_S)
    assert (done.returncode, done.stdout) == (0, "0 1\n"), done.stderr
    told = statistics(mvx_command, work_place / "s", program, options=options)["signals"]
    assert told["by_loop"] <= told["inexact"]
    if os.getloadavg()[0] < 2 * (os.cpu_count() or 1):
        assert told["by_loop"]  # else followers get no processor in time
    counts = {each["name"]: each["count"] for each in told["delivered"]}
    assert counts["SIGALRM"] >= 10
    assert sum(counts.values()) >= 160


def test_exact_points_are_never_left_to_the_loop(
    compiled: Callable[..., Path], mvx_command: list[str], work_place: Path
) -> None:
    source = work_place / "clock.c"
    source.write_text(PROGRAM)
    program = str(compiled(source))
    options = ("--signal-points", "exact")
    told = statistics(mvx_command, work_place / "s", program, options=options)["signals"]
    assert told["by_loop"] == 0
