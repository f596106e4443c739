// To ignore a signal discards it even while it is pending.
#include "signals.h"

int main(void) {
    sigset_t pending;
    block(SIGUSR1);
    block(SIGCHLD);
    CHECK(raise(SIGUSR1) == 0 && raise(SIGCHLD) == 0 && sigpending(&pending) == 0);
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGCHLD));
    CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR && signal(SIGCHLD, SIG_DFL) != SIG_ERR);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));
    CHECK(!sigismember(&pending, SIGCHLD));
    on(SIGUSR1, count, 0);
    unblock(SIGUSR1);
    CHECK(!counted && raise(SIGUSR1) == 0 && counted == 1);
    puts("ok");
}
