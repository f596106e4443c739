// Many children that end at once: a handler reaps all; with SA_NOCLDWAIT none is left to reap.
#include "signals.h"

enum { CHILDREN = 25 };
static volatile int reaped, sum;

static void reap(int number) {
    int before = errno, status;
    (void)number;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        reaped++;
        sum += WEXITSTATUS(status);
    }
    errno = before;
}

static void bear(void) {
    int gate[2];
    char byte;
    CHECK(pipe(gate) == 0);
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0) {
            close(gate[1]);
            if (read(gate[0], &byte, 1) != 0)
                _exit(99);
            _exit(i);
        }
    CHECK(close(gate[1]) == 0 && close(gate[0]) == 0); // all end
}

int main(void) {
    on(SIGCHLD, reap, SA_RESTART);
    for (int round = 0; round < 2; round++) {
        reaped = sum = 0;
        bear();
        while (reaped < CHILDREN)
            sleep_ms(1);
        CHECK(sum == CHILDREN * (CHILDREN - 1) / 2);
    }
    on(SIGCHLD, count, SA_RESTART | SA_NOCLDWAIT);
    bear();
    int status;
    CHECK_FAILS(wait(&status), ECHILD); // after the last has ended
    CHECK(counted >= 1 && counted <= CHILDREN);
    puts("ok");
}
