// A read of a timerfd is interrupted by a signal, and goes on under SA_RESTART.
#include "signals.h"
#include <sys/timerfd.h>

int main(void) {
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec late = {{0, 0}, {900, 0}}, soon = {{0, 0}, {0, 30000000}};
    uint64_t expirations;
    on(SIGALRM, count, 0);
    CHECK(timerfd_settime(timer, 0, &late, NULL) == 0);
    alarm_us(3000, 3000);
    CHECK_FAILS(read(timer, &expirations, 8), EINTR);
    on(SIGALRM, count, SA_RESTART);
    counted = 0;
    CHECK(timerfd_settime(timer, 0, &soon, NULL) == 0);
    CHECK(read(timer, &expirations, 8) == 8 && expirations == 1);
    alarm_us(0, 0);
    puts("ok");
}
