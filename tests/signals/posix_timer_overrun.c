// Expirations while the signal is blocked are one signal; timer_getoverrun tells how many more.
#include "signals.h"

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    on(SIGUSR1, count, 0);
    block(SIGUSR1);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec often = {{0, 1000000}, {0, 1000000}}, never = {0};
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    sleep_ms(30);
    CHECK(timer_settime(timer, 0, &never, NULL) == 0);
    unblock(SIGUSR1);
    // Linux 6.12 and later drop the signal of a timer that was stopped while it was pending.
    CHECK(counted <= 1 && timer_getoverrun(timer) >= 0);
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    sigset_t set = only(SIGUSR1);
    siginfo_t info;
    block(SIGUSR1);
    sleep_ms(30);
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_TIMER);
    CHECK(timer_getoverrun(timer) >= 10 && info.si_overrun >= 10);
    CHECK(timer_delete(timer) == 0);
    puts("ok");
}
