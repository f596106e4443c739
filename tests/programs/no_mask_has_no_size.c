// Where a wait is given no signal mask, nobody looks at the mask's size: it may be an address.
#include "check.h"
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

int main(void) {
    struct epoll_event event;
    struct timespec now = {0, 0};
    int epoll = epoll_create1(0);
    CHECK(epoll >= 0);
    CHECK(syscall(SYS_epoll_pwait, epoll, &event, 1, 0, NULL, &event) == 0);
    CHECK(syscall(SYS_epoll_pwait2, epoll, &event, 1, &now, NULL, &event) == 0);
    CHECK(syscall(SYS_ppoll, NULL, 0, &now, NULL, &event) == 0);
    sigset_t mask;
    CHECK(sigemptyset(&mask) == 0);
    CHECK_FAILS(syscall(SYS_epoll_pwait, epoll, &event, 1, 0, &mask, 5), EINVAL);
    printf("done\n");
}
