// sigsuspend lets a blocked signal in, returns EINTR after its handler and restores the mask.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t blocked, empty, now;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(10000);
        _exit(kill(getppid(), SIGUSR1));
    }
    CHECK_FAILS(sigsuspend(&empty), EINTR);
    CHECK(count == 1 && exit_code(child) == 0);
    CHECK(raise(SIGUSR1) == 0 && count == 1);
    CHECK_FAILS(sigsuspend(&empty), EINTR);
    CHECK(count == 2 && sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1));
    puts("ok");
}
