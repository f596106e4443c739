// With EPOLLONESHOT a descriptor is silent after one event until it is armed again.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = ends[0]}, ready;
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.data.fd == ends[0]);
    CHECK(epoll_wait(set, &ready, 1, 0) == 0);
    CHECK(write(ends[1], "y", 1) == 1 && epoll_wait(set, &ready, 1, 0) == 0);
    event.data.fd = 77;
    CHECK(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event) == 0);
    CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.data.fd == 77);
    CHECK(epoll_wait(set, &ready, 1, 0) == 0);
    puts("ok");
}
