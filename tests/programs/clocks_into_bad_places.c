// clock_gettime, gettimeofday and time as system calls: what they write, and where they cannot.
#include "check.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static int64_t nanoseconds(const struct timespec *now) {
    return (int64_t)now->tv_sec * 1000000000 + now->tv_nsec;
}

int main(void) {
    static const clockid_t clocks[] = {
        CLOCK_REALTIME,         CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
        CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,  CLOCK_TAI,           CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID};
    char *page = mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && !munmap(page + 4096, 4096));
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct timespec first = {-1, -1}, last;
        CHECK(!syscall(SYS_clock_gettime, clocks[i], &first));
        CHECK(first.tv_sec >= 0 && first.tv_nsec >= 0 && first.tv_nsec < 1000000000);
        CHECK(!syscall(SYS_clock_gettime, clocks[i], &last));
        CHECK(nanoseconds(&last) >= nanoseconds(&first));
        CHECK(syscall(SYS_clock_gettime, clocks[i], NULL) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_clock_gettime, clocks[i], page + 4096 - 8) == -1 && errno == EFAULT);
        CHECK(syscall(SYS_clock_gettime, clocks[i], "constant") == -1 && errno == EFAULT);
        CHECK(!syscall(SYS_clock_gettime, clocks[i], page + 4096 - 16));
    }
    struct timespec now;
    for (int i = 0; i < 3; i++) {
        CHECK(syscall(SYS_clock_gettime, (int[]){100, -1, 10}[i], &now) == -1 && errno == EINVAL);
    }
    struct timeval value = {-1, -1};
    struct timezone zone = {-1, -1};
    CHECK(!syscall(SYS_gettimeofday, &value, NULL) && value.tv_sec > 0 && value.tv_usec >= 0);
    CHECK(value.tv_usec < 1000000);
    CHECK(!syscall(SYS_gettimeofday, NULL, &zone) && zone.tz_dsttime != -1);
    CHECK(!syscall(SYS_gettimeofday, NULL, NULL));
    CHECK(!syscall(SYS_gettimeofday, &value, &zone));
    CHECK(syscall(SYS_gettimeofday, page + 4096, NULL) == -1 && errno == EFAULT);
    CHECK(!clock_gettime(CLOCK_REALTIME, &now) && now.tv_sec - value.tv_sec <= 2);
    int64_t seconds = -1;
    long result = syscall(SYS_time, &seconds);
    CHECK(result == seconds && seconds - now.tv_sec <= 2 && now.tv_sec - seconds <= 1);
    CHECK(syscall(SYS_time, NULL) >= result);
    CHECK(syscall(SYS_time, page + 4096 - 4) == -1 && errno == EFAULT);
    puts("ok");
}
