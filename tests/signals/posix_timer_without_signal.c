// SIGEV_NONE: the timer runs, nothing is sent.
#include "signals.h"

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    on(SIGALRM, count, 0);
    CHECK(timer_create(CLOCK_REALTIME, &event, &timer) == 0);
    struct itimerspec long_one = {{0, 0}, {500, 0}}, left;
    CHECK(timer_settime(timer, 0, &long_one, NULL) == 0 && timer_gettime(timer, &left) == 0);
    CHECK(left.it_value.tv_sec > 400 && left.it_value.tv_sec <= 500);
    struct itimerspec short_one = {{0, 0}, {0, 1000000}};
    CHECK(timer_settime(timer, 0, &short_one, NULL) == 0);
    sleep_ms(10);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec == 0 && !counted);
    puts("ok");
}
