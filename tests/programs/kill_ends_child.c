// A child ended by a signal tells which, for signals that can and cannot be caught.
#include "check.h"

int main(void) {
    const int numbers[] = {SIGTERM, SIGKILL, SIGHUP, SIGUSR1, SIGALRM, SIGRTMIN};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pid_t child = fork();
        if (child == 0) {
            signal(numbers[i], SIG_DFL);
            for (;;)
                pause();
        }
        CHECK(kill(child, 0) == 0 && kill(child, numbers[i]) == 0);
        int status = wait_status(child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i] && !WIFEXITED(status));
        CHECK_FAILS(kill(child, 0), ESRCH);
    }
    CHECK_FAILS(kill(getpid(), 999), EINVAL);
    puts("ok");
}
