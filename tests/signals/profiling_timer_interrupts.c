// ITIMER_PROF sends SIGPROF into computing and into calls.
#include "signals.h"

int main(void) {
    on(SIGPROF, count, SA_RESTART);
    struct itimerval timer = {{0, 4000}, {0, 4000}};
    CHECK(setitimer(ITIMER_PROF, &timer, NULL) == 0);
    volatile uint64_t work = 0;
    while (counted < 4)
        work++;
    while (counted < 8)
        CHECK(getppid() >= 0);
    puts("ok");
}
