// A timerfd becomes readable once per expiry and tells how many there were.
#include "check.h"
#include <poll.h>
#include <sys/timerfd.h>

int main(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    uint64_t count = 0, total = 0;
    CHECK(fd >= 0);
    CHECK_FAILS(read(fd, &count, sizeof count), EAGAIN);
    struct itimerspec once = {.it_value = {0, 10000000}}, left;
    CHECK(timerfd_settime(fd, 0, &once, NULL) == 0);
    CHECK(timerfd_gettime(fd, &left) == 0 && left.it_interval.tv_nsec == 0);
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_nsec <= 10000000);
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    CHECK(poll(&wanted, 1, -1) == 1 && read(fd, &count, sizeof count) == 8 && count == 1);
    CHECK_FAILS(read(fd, &count, sizeof count), EAGAIN);
    CHECK(fcntl(fd, F_SETFL, 0) == 0);
    struct itimerspec often = {.it_value = {0, 1}, .it_interval = {0, 5000000}};
    CHECK(timerfd_settime(fd, 0, &often, NULL) == 0);
    for (; total < 4; total += count)
        CHECK(read(fd, &count, sizeof count) == 8 && count >= 1);
    CHECK(timerfd_settime(fd, 0, &(struct itimerspec){0}, NULL) == 0);
    CHECK(poll(&wanted, 1, 0) == 0);
    puts("ok");
}
