// A dup of an epoll descriptor is the same set; an epoll set can be polled itself.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), copy = dup(set), outer = epoll_create1(0), ends[2];
    CHECK(pipe(ends) == 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 5}, ready;
    CHECK(epoll_ctl(copy, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
    event.data.u64 = 6;
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, set, &event) == 0);
    struct pollfd wanted = {.fd = copy, .events = POLLIN};
    CHECK(poll(&wanted, 1, 0) == 0 && epoll_wait(outer, &ready, 1, 0) == 0);
    CHECK(write(ends[1], "x", 1) == 1 && poll(&wanted, 1, -1) == 1);
    CHECK(epoll_wait(outer, &ready, 1, -1) == 1 && ready.data.u64 == 6);
    CHECK(close(set) == 0);
    CHECK(epoll_wait(copy, &ready, 1, -1) == 1 && ready.data.u64 == 5);
    puts("ok");
}
