// A process that runs in its parent's memory, but is no thread, is killed: while it computes, while
// it waits, and while it goes from call to call.
#include "seen.h"
#include <sched.h>
#include <signal.h>

enum { ROUNDS = 12 };

static char stacks[ROUNDS][16384] __attribute__((aligned(16)));
static volatile unsigned steps;
static int ends[2];

static int work(void *argument) {
    int round = number(argument);
    char byte;
    for (;;) {
        steps += 1 + scrambled(steps) % 2;
        if (round % 3 == 1)
            getppid();
        else if (round % 3 == 2)
            CHECK(read(ends[0], &byte, 1) == 1);
    }
}

int main(void) {
    CHECK(pipe(ends) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        int how;
        steps = 0;
        pid_t child = clone(work, stacks[round] + sizeof stacks[round], CLONE_VM | SIGCHLD,
                            (void *)(intptr_t)round);
        CHECK(child > 0);
        if (round % 2)
            while (!steps)
                sched_yield();
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, &how, 0) == child && WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
        getppid();
    }
    puts("ok");
}
