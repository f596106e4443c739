// An absolute timerfd expires when its clock has passed the time, at once if it is in the past.
#include "check.h"
#include <sys/timerfd.h>
#include <time.h>

int main(void) {
    int fd = timerfd_create(CLOCK_REALTIME, 0);
    struct timespec now, after;
    uint64_t count;
    CHECK(fd >= 0 && clock_gettime(CLOCK_REALTIME, &now) == 0);
    struct itimerspec past = {.it_value = {now.tv_sec - 10, 0}};
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &past, NULL) == 0);
    CHECK(read(fd, &count, sizeof count) == 8 && count == 1);
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    now.tv_nsec += 20000000;
    now.tv_sec += now.tv_nsec / 1000000000;
    now.tv_nsec %= 1000000000;
    struct itimerspec soon = {.it_value = now};
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &soon, NULL) == 0);
    CHECK(read(fd, &count, sizeof count) == 8 && count == 1);
    CHECK(clock_gettime(CLOCK_REALTIME, &after) == 0);
    CHECK(after.tv_sec > now.tv_sec ||
          (after.tv_sec == now.tv_sec && after.tv_nsec >= now.tv_nsec));
    puts("ok");
}
