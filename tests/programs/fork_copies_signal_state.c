// A child inherits handlers and mask, not what is pending nor the parent's timers.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR && signal(SIGUSR2, handle) != SIG_ERR);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && kill(getpid(), SIGUSR1) == 0);
    alarm(100);
    pid_t child = fork();
    if (child == 0) {
        CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1));
        CHECK(sigpending(&now) == 0 && !sigismember(&now, SIGUSR1));
        CHECK(alarm(0) == 0 && raise(SIGUSR2) == 0 && count == 1);
        _exit(0);
    }
    CHECK(exit_code(child) == 0 && alarm(0) > 0 && count == 0);
    CHECK(sigpending(&now) == 0 && sigismember(&now, SIGUSR1));
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && count == 1);
    puts("ok");
}
