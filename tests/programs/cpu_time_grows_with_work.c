// times, getrusage, clock and the CPU clocks grow while the process computes.
#include "check.h"
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>

int main(void) {
    struct rusage before, after;
    struct tms first, second;
    CHECK(getrusage(RUSAGE_SELF, &before) == 0 && before.ru_maxrss > 0);
    clock_t start = times(&first), ticks = clock();
    volatile unsigned work = 0;
    do
        for (unsigned i = 0; i < 100000; i++)
            work = work + i;
    while (clock() - ticks < 20000);
    CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    CHECK(times(&second) >= start && second.tms_utime >= first.tms_utime);
    long used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
                after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                (after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000 +
                after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    CHECK(used > 0 && used < 60000000);
    CHECK(getrusage(99, &after) == -1 && errno == EINVAL);
    puts("ok");
}
