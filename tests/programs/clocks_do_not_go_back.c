// Each clock, read a thousand times, never goes back.
#include "check.h"
#include <time.h>

int main(void) {
    const clockid_t clocks[] = {CLOCK_REALTIME,         CLOCK_MONOTONIC,
                                CLOCK_MONOTONIC_RAW,    CLOCK_BOOTTIME,
                                CLOCK_MONOTONIC_COARSE, CLOCK_PROCESS_CPUTIME_ID,
                                CLOCK_REALTIME_COARSE,  CLOCK_THREAD_CPUTIME_ID};
    for (unsigned which = 0; which < sizeof clocks / sizeof *clocks; which++) {
        struct timespec last = {0, 0}, now;
        for (int i = 0; i < 1000; i++) {
            CHECK(clock_gettime(clocks[which], &now) == 0);
            CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
            CHECK(now.tv_sec > last.tv_sec ||
                  (now.tv_sec == last.tv_sec && now.tv_nsec >= last.tv_nsec));
            last = now;
        }
        CHECK(clock_getres(clocks[which], &now) == 0 && now.tv_sec == 0 && now.tv_nsec > 0);
    }
    CHECK_FAILS(clock_gettime(9999, &(struct timespec){0}), EINVAL);
    puts("ok");
}
