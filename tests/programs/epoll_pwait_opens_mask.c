// epoll_pwait lets a pending signal in; epoll_pwait2, where it exists, counts in nanoseconds.
#include "check.h"
#include <sys/epoll.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    int set = epoll_create1(0);
    struct epoll_event ready;
    CHECK(raise(SIGUSR1) == 0 && epoll_wait(set, &ready, 1, 0) == 0 && count == 0);
    CHECK_FAILS(epoll_pwait(set, &ready, 1, -1, &empty), EINTR);
    CHECK(count == 1 && epoll_pwait(set, &ready, 1, 10, &empty) == 0);
    struct timespec limit = {0, 5000000};
    CHECK(epoll_pwait2(set, &ready, 1, &limit, NULL) == 0 || errno == ENOSYS);
    puts("ok");
}
