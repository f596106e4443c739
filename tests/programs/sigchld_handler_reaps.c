// A SIGCHLD handler reaps all children, however many ended at once.
#include "check.h"

static volatile sig_atomic_t reaped, sum;

static void handle(int number) {
    (void)number;
    int status, saved = errno;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        reaped++;
        sum += WEXITSTATUS(status);
    }
    errno = saved;
}

int main(void) {
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NOCLDSTOP};
    CHECK(sigaction(SIGCHLD, &action, NULL) == 0 && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    for (int i = 1; i <= 8; i++)
        if (fork() == 0)
            _exit(i);
    while (reaped < 8)
        CHECK_FAILS(sigsuspend(&empty), EINTR);
    CHECK_FAILS(wait(NULL), ECHILD);
    printf("%d\n", (int)sum);
}
