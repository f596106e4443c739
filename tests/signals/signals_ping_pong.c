// Two processes signal each other in turn, a hundred rounds.
#include "signals.h"

int main(void) {
    sigset_t none;
    sigemptyset(&none);
    on(SIGUSR1, count, 0);
    block(SIGUSR1);
    pid_t parent = getpid(), child = fork();
    for (int i = 1; i <= 100; i++) {
        if (child != 0)
            CHECK(kill(child, SIGUSR1) == 0);
        while (counted < i)
            sigsuspend(&none);
        if (child == 0)
            CHECK(kill(parent, SIGUSR1) == 0);
    }
    if (child == 0)
        _exit(6);
    printf("%d\n", exit_code(child));
}
