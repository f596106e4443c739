// Parent and child take turns by signals alone, twenty times.
#include "check.h"

int main(void) {
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 20; i++) {
            CHECK(sigwait(&set, &number) == 0 && number == SIGUSR1);
            CHECK(kill(getppid(), SIGUSR2) == 0);
        }
        _exit(0);
    }
    int turns = 0;
    for (; turns < 20; turns++) {
        CHECK(kill(child, SIGUSR1) == 0);
        CHECK(sigwait(&set, &number) == 0 && number == SIGUSR2);
    }
    CHECK(exit_code(child) == 0);
    printf("%d turns\n", turns);
}
