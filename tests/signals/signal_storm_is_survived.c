// A child sends a thousand signals as fast as it can; the parent computes, calls, and loses
// nothing.
#include "signals.h"

int main(void) {
    on(SIGUSR1, count, SA_RESTART);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 1000; i++)
            CHECK(kill(getppid(), SIGUSR1) == 0);
        _exit(4);
    }
    int status;
    volatile uint64_t work = 0;
    while (waitpid(child, &status, WNOHANG) == 0)
        for (int i = 0; i < 1000; i++)
            work++;
    CHECK(counted >= 1 && counted <= 1000);
    printf("%d\n", WEXITSTATUS(status));
}
