// With EPOLLET an event comes once for each arrival, not while data remain.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), ends[2];
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x1122334455667788};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK(write(ends[1], "ab", 2) == 2);
    struct epoll_event ready;
    CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.data.u64 == 0x1122334455667788);
    CHECK(epoll_wait(set, &ready, 1, 0) == 0); // data remain, but no new arrival
    CHECK(write(ends[1], "c", 1) == 1);
    CHECK(epoll_wait(set, &ready, 1, -1) == 1);
    char text[8] = "";
    CHECK(read(ends[0], text, sizeof text) == 3);
    CHECK(epoll_wait(set, &ready, 1, 0) == 0);
    puts(text);
}
