// A closed descriptor leaves the set by itself, and its number can be added anew.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), one[2], two[2];
    CHECK(pipe(one) == 0 && write(one[1], "x", 1) == 1);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 1}, ready;
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, one[0], &event) == 0);
    CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.data.u64 == 1);
    CHECK(close(one[0]) == 0 && epoll_wait(set, &ready, 1, 0) == 0);
    CHECK(pipe(two) == 0 && two[0] == one[0]);
    event.data.u64 = 2;
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, two[0], &event) == 0);
    CHECK(write(two[1], "y", 1) == 1 && epoll_wait(set, &ready, 1, -1) == 1);
    CHECK(ready.data.u64 == 2 && close(two[1]) == 0);
    CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.events == (EPOLLIN | EPOLLHUP));
    puts("ok");
}
