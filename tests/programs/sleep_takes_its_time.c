// Relative and absolute sleeps last at least as long as told; a past time returns at once.
#include "check.h"
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return time.tv_sec * (int64_t)1000000000 + time.tv_nsec;
}

int main(void) {
    int64_t start = now();
    struct timespec nap = {0, 15000000};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL) == 0 && now() - start >= 15000000);
    int64_t goal = now() + 15000000;
    struct timespec until = {goal / 1000000000, goal % 1000000000};
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0 && now() >= goal);
    until.tv_sec -= 100;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
    start = now();
    CHECK(usleep(10000) == 0 && now() - start >= 10000000);
    nap.tv_nsec = 1000000000;
    CHECK_FAILS(nanosleep(&nap, NULL), EINVAL);
    puts("ok");
}
