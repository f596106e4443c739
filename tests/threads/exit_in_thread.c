// One thread ends the process while the others work, wait and sleep.
#include "seen.h"
#include <sched.h>

static int ends[2], ready;

static void *work(void *argument) {
    char byte;
    note('a' + number(argument));
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        if (number(argument) == 0)
            CHECK(read(ends[0], &byte, 1) == 1);
        else if (number(argument) == 1)
            usleep(100);
        else if (number(argument) == 2)
            sched_yield();
        else if (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) == 4) {
            show_seen();
            exit(7);
        } else
            usleep(50);
    }
}

int main(void) {
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child)
        run_threads(4, work);
    CHECK(exit_code(child) == 7);
}
