// sigwait, sigwaitinfo and sigtimedwait take a pending signal without waiting, none runs a handler.
#include "signals.h"

int main(void) {
    sigset_t set = only(SIGUSR1), pending;
    siginfo_t info;
    int number;
    on(SIGUSR1, count, 0);
    block(SIGUSR1);
    CHECK(raise(SIGUSR1) == 0 && sigwait(&set, &number) == 0 && number == SIGUSR1);
    CHECK(kill(getpid(), SIGUSR1) == 0 && sigwaitinfo(&set, &info) == SIGUSR1);
    CHECK(info.si_code == SI_USER && info.si_pid == getpid());
    CHECK(raise(SIGUSR1) == 0);
    CHECK(sigtimedwait(&set, &info, &(struct timespec){0, 0}) == SIGUSR1);
    CHECK_FAILS(sigtimedwait(&set, &info, &(struct timespec){0, 0}), EAGAIN);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1) && !counted);
    puts("ok");
}
