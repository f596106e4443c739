// What a child puts into the epoll set that it inherited is what the parent gets.
#include "check.h"
#include <sys/epoll.h>

static int stored;

int main(void) {
    int set = epoll_create1(0), first[2], second[2];
    CHECK(pipe(first) == 0 && pipe(second) == 0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &stored}, ready[2];
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, first[0], &event) == 0);
    pid_t child = fork();
    if (child == 0) {
        event.data.u64 = 1UL << 40 | 7;
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, second[0], &event) == 0);
        CHECK(write(second[1], "x", 1) == 1);
        CHECK(epoll_wait(set, ready, 2, -1) == 1 && ready[0].data.u64 == (1UL << 40 | 7));
        event.data.u64 = 5;
        CHECK(epoll_ctl(set, EPOLL_CTL_MOD, first[0], &event) == 0);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    CHECK(epoll_wait(set, ready, 2, -1) == 1 && ready[0].data.u64 == (1UL << 40 | 7));
    CHECK(write(first[1], "y", 1) == 1 && epoll_wait(set, ready, 2, -1) == 2);
    CHECK(ready[0].data.u64 + ready[1].data.u64 == (1UL << 40 | 7) + 5);
    event.data.ptr = &stored;
    CHECK(epoll_ctl(set, EPOLL_CTL_MOD, first[0], &event) == 0);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, second[0], NULL) == 0);
    CHECK(epoll_wait(set, ready, 2, -1) == 1 && ready[0].data.ptr == &stored);
    puts("ok");
}
