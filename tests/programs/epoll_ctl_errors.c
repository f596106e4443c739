// epoll_ctl refuses what is there already, what is not there, and what cannot be waited for.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), ends[2], file = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(pipe(ends) == 0);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_MOD, ends[1], &event), ENOENT);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL), ENOENT);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, file, &event), EPERM);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, 900, &event), EBADF);
    CHECK_FAILS(epoll_ctl(set, EPOLL_CTL_ADD, set, &event), EINVAL);
    CHECK_FAILS(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event), EINVAL);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL) == 0);
    CHECK_FAILS(epoll_wait(set, &event, 0, 0), EINVAL);
    puts("ok");
}
