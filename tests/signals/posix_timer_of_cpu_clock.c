// A timer on the process's CPU clock fires for time used.
#include "signals.h"

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    on(SIGUSR1, count, 0);
    CHECK(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) == 0);
    struct itimerspec often = {{0, 4000000}, {0, 4000000}};
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    volatile uint64_t work = 0;
    while (counted < 5)
        work++;
    CHECK(timer_delete(timer) == 0 && timer_delete(timer) == -1);
    puts("ok");
}
