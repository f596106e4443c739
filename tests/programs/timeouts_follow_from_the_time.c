// How long a wait may last differs between threads' variants that asked for the time more or less
// often; here it depends on the place of the stack.
#include "check.h"

#include <poll.h>
#include <sys/epoll.h>

int main(void) {
    int ends[2], own = 1000 + (int)((unsigned long)ends >> 4 & 0xfff);
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], "x", 1) == 1);
    int queue = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = 5};
    CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK(epoll_wait(queue, &event, 1, own) == 1 && event.data.fd == 5);
    CHECK(epoll_pwait(queue, &event, 1, own, NULL) == 1);
    struct pollfd one = {ends[0], POLLIN, 0};
    CHECK(poll(&one, 1, own) == 1);
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
    CHECK(poll(&one, 1, 1 + own % 3) == 0);
    CHECK(epoll_wait(queue, &event, 1, 0) == 0);
    return 0;
}
