// kill(0, n) reaches every process of the caller's group, and the caller.
#include "signals.h"

int main(void) {
    pid_t first = fork();
    if (first == 0) {
        on(SIGUSR1, count, 0);
        block(SIGUSR1);
        CHECK(setpgid(0, 0) == 0);
        pid_t members[3];
        for (int i = 0; i < 3; i++) {
            members[i] = fork();
            if (members[i] == 0) {
                sigset_t none;
                sigemptyset(&none);
                while (!counted)
                    sigsuspend(&none);
                _exit(40 + i);
            }
        }
        CHECK(kill(0, SIGUSR1) == 0);
        unblock(SIGUSR1);
        CHECK(counted == 1);
        for (int i = 0; i < 3; i++)
            CHECK(exit_code(members[i]) == 40 + i);
        _exit(5);
    }
    printf("%d\n", exit_code(first));
}
