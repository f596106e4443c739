// With SA_NOCLDWAIT, and with SIGCHLD ignored, children leave no zombie: wait ends with ECHILD.
#include "signals.h"

int main(void) {
    on(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    for (int way = 0; way < 2; way++) {
        for (int i = 0; i < 4; i++)
            if (fork() == 0)
                _exit(i);
        int status;
        CHECK_FAILS(wait(&status), ECHILD);
        CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    }
    CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
    pid_t child = fork();
    if (child == 0)
        _exit(6);
    printf("%d\n", exit_code(child));
}
