// An event loop over a signalfd and a timerfd sees a child's signals and its own timer.
#include "signals.h"
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

int main(void) {
    block(SIGUSR1);
    sigset_t signals = only(SIGUSR1);
    int file = signalfd(-1, &signals, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec every = {{0, 2000000}, {0, 2000000}};
    CHECK(timerfd_settime(timer, 0, &every, NULL) == 0);
    int loop = epoll_create1(0), seen = 0, ticks = 0;
    struct epoll_event one = {.events = EPOLLIN, .data.fd = file};
    CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, file, &one) == 0);
    one.data.fd = timer;
    CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, timer, &one) == 0);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < 4; i++) {
            sleep_ms(3);
            CHECK(kill(parent, SIGUSR1) == 0);
        }
        _exit(0);
    }
    while (!seen || ticks < 5) {
        CHECK(epoll_wait(loop, &one, 1, -1) == 1);
        struct signalfd_siginfo info;
        uint64_t expirations;
        if (one.data.fd == file) {
            CHECK(read(file, &info, sizeof info) == sizeof info);
            CHECK(info.ssi_pid == (uint32_t)child && info.ssi_signo == SIGUSR1);
            seen++;
        } else {
            CHECK(read(timer, &expirations, 8) == 8);
            ticks += (int)expirations;
        }
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
