// time, gettimeofday, clock_gettime and the system calls behind them tell one time.
#include "check.h"
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

int main(void) {
    struct timespec start, end;
    struct timeval day;
    CHECK(clock_gettime(CLOCK_REALTIME, &start) == 0);
    time_t seconds = time(NULL), stored;
    CHECK(gettimeofday(&day, NULL) == 0 && day.tv_usec >= 0 && day.tv_usec < 1000000);
    CHECK(syscall(SYS_time, &stored) == stored);
    struct timeval raw_day;
    struct timespec raw;
    CHECK(syscall(SYS_gettimeofday, &raw_day, NULL) == 0);
    CHECK(syscall(SYS_clock_gettime, CLOCK_REALTIME, &raw) == 0);
    CHECK(clock_gettime(CLOCK_REALTIME, &end) == 0);
    CHECK(start.tv_sec > 1700000000);
    CHECK(seconds >= start.tv_sec - 1 && seconds <= end.tv_sec); // time() may be a tick behind
    CHECK(stored >= start.tv_sec - 1 && stored <= end.tv_sec);
    CHECK(day.tv_sec >= start.tv_sec && day.tv_sec <= raw_day.tv_sec);
    CHECK(raw_day.tv_sec <= raw.tv_sec && raw.tv_sec <= end.tv_sec);
    puts("ok");
}
