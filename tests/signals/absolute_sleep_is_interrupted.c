// clock_nanosleep ends with EINTR; a relative one tells what is left, an absolute one does not.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, SA_RESTART);
    struct timespec now, left = {0, 0}, untouched = {7, 7};
    alarm_us(5000, 5000);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){60, 0}, &left) == EINTR);
    CHECK(left.tv_sec >= 50 && left.tv_sec < 60);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    now.tv_sec += 60;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, &untouched) == EINTR);
    CHECK(untouched.tv_sec == 7 && untouched.tv_nsec == 7);
    alarm_us(0, 0);
    puts("ok");
}
