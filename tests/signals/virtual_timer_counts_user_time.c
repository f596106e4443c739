// ITIMER_VIRTUAL sends SIGVTALRM for time spent computing, not for time spent asleep.
#include "signals.h"

int main(void) {
    on(SIGVTALRM, count, 0);
    struct itimerval timer = {{0, 4000}, {0, 4000}}, left;
    CHECK(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0);
    volatile uint64_t work = 0;
    while (counted < 5)
        work++;
    timer = (struct itimerval){{0, 0}, {5, 0}};
    CHECK(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0);
    sleep_ms(10);
    CHECK(getitimer(ITIMER_VIRTUAL, &left) == 0 && left.it_value.tv_sec >= 4);
    puts("ok");
}
