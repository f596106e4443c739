// A signal to a process group ends each of its members; waitpid can wait for the group.
#include "check.h"

int main(void) {
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            signal(SIGTERM, SIG_DFL);
            for (;;)
                pause();
        }
        CHECK(setpgid(children[i], children[0]) == 0);
    }
    CHECK(getpgid(children[2]) == children[0]);
    CHECK(kill(-children[0], SIGTERM) == 0);
    for (int i = 0; i < 3; i++) {
        int status;
        CHECK(waitpid(-children[0], &status, 0) > 0);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    }
    CHECK_FAILS(waitpid(-children[0], NULL, 0), ECHILD);
    CHECK_FAILS(kill(-children[0], SIGTERM), ESRCH);
    puts("ok");
}
