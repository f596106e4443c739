// poll, select, ppoll, pselect and epoll_wait end with EINTR even under SA_RESTART.
#include "signals.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

int main(void) {
    int ends[2], set = epoll_create1(0);
    CHECK(pipe(ends) == 0);
    struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    on(SIGALRM, count, SA_RESTART);
    struct timespec late = {90, 0};
    struct timeval limit = {90, 0};
    sigset_t mask;
    sigemptyset(&mask);
    for (int i = 0; i < 5; i++) {
        fd_set read_set;
        FD_ZERO(&read_set);
        FD_SET(ends[0], &read_set);
        alarm_us(3000, 3000);
        int result = i == 0   ? poll(&wanted, 1, 90000)
                     : i == 1 ? ppoll(&wanted, 1, &late, &mask)
                     : i == 2 ? select(ends[0] + 1, &read_set, NULL, NULL, &limit)
                     : i == 3 ? pselect(ends[0] + 1, &read_set, NULL, NULL, &late, &mask)
                              : epoll_pwait(set, &event, 1, 90000, &mask);
        CHECK(result == -1 && errno == EINTR && counted > i);
    }
    alarm_us(0, 0);
    puts("ok");
}
