// Processes made by clone(CLONE_VM): own process numbers and descriptors, but one memory.
#include "seen.h"
#include <sched.h>

static int counter, pids[4], lowest;
static char stacks[4][65536] __attribute__((aligned(16)));

static int work(void *argument) {
    int self = number(argument);
    pids[self] = getpid();
    for (int i = 0; i < 10; i++) {
        note('a' + self);
        __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
        if (i % 4 == 0)
            sched_yield();
    }
    int descriptor = open("/dev/null", O_RDONLY);
    CHECK(descriptor == lowest); // the same in each: the table is not shared
    return self;
}

int main(void) {
    CHECK((lowest = open("/dev/null", O_RDONLY)) >= 0 && close(lowest) == 0);
    for (intptr_t i = 0; i < 4; i++)
        CHECK(clone(work, stacks[i] + sizeof stacks[i], CLONE_VM | SIGCHLD, (void *)i) > 0);
    for (int i = 0; i < 4; i++) {
        int status, child = wait(&status);
        CHECK(child > 0 && WIFEXITED(status) && pids[WEXITSTATUS(status)] == child);
        note('A' + WEXITSTATUS(status));
    }
    CHECK(counter == 40);
    show_seen();
}
