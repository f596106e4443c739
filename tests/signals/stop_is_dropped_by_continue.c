// A pending stop is dropped by SIGCONT, and a pending SIGCONT by a stop.
#include "signals.h"

int main(void) {
    sigset_t pending;
    on(SIGCONT, count, 0);
    block(SIGTSTP);
    block(SIGCONT);
    CHECK(raise(SIGTSTP) == 0 && raise(SIGCONT) == 0 && sigpending(&pending) == 0);
    CHECK(!sigismember(&pending, SIGTSTP) && sigismember(&pending, SIGCONT));
    CHECK(raise(SIGTSTP) == 0 && sigpending(&pending) == 0);
    CHECK(sigismember(&pending, SIGTSTP) && !sigismember(&pending, SIGCONT));
    CHECK(raise(SIGCONT) == 0);
    unblock(SIGTSTP);
    unblock(SIGCONT);
    CHECK(counted == 1);
    puts("ok");
}
