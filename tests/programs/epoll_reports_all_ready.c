// One epoll_wait reports all that are ready, and continues fairly with a short array.
#include "check.h"
#include <sys/epoll.h>

enum { COUNT = 20 };

int main(void) {
    int set = epoll_create1(0), ends[COUNT][2];
    for (uint32_t i = 0; i < COUNT; i++) {
        CHECK(pipe(ends[i]) == 0);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[i][0], &event) == 0);
        CHECK(write(ends[i][1], "x", 1) == 1);
    }
    struct epoll_event ready[COUNT + 5];
    CHECK(epoll_wait(set, ready, COUNT + 5, -1) == COUNT);
    bool seen[COUNT] = {false};
    char byte;
    for (int got = 0; got < COUNT;) {
        int count = epoll_wait(set, ready, 7, -1);
        CHECK(count > 0 && count <= 7);
        for (int i = 0; i < count; i++) {
            uint32_t which = ready[i].data.u32;
            CHECK(which < COUNT && !seen[which] && read(ends[which][0], &byte, 1) == 1);
            seen[which] = true;
        }
        got += count;
    }
    CHECK(epoll_wait(set, ready, COUNT, 0) == 0);
    puts("ok");
}
