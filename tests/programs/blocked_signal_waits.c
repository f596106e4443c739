// A blocked signal is pending, once however often it was sent, and comes when unblocked.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t set, pending, old;
    CHECK(signal(SIGUSR1, handle) != SIG_ERR);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR1));
    for (int i = 0; i < 3; i++)
        CHECK(raise(SIGUSR1) == 0 && kill(getpid(), SIGUSR1) == 0);
    CHECK(count == 0 && sigpending(&pending) == 0);
    CHECK(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    // raise sends to the thread and kill to the process, so one of each was pending
    CHECK(count == 2 && sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0);
    CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR); // ignoring forgets what was pending
    CHECK(signal(SIGUSR1, handle) != SIG_ERR && sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(count == 2);
    puts("ok");
}
