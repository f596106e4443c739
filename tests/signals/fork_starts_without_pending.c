// A child has the parent's handlers and mask, but neither its pending signals nor its timers.
#include "signals.h"

int main(void) {
    on(SIGUSR1, count, 0);
    on(SIGALRM, count, 0);
    block(SIGUSR1);
    CHECK(raise(SIGUSR1) == 0);
    alarm_us(800000000, 0);
    pid_t child = fork();
    if (child == 0) {
        sigset_t set;
        struct itimerval timer;
        struct sigaction action;
        CHECK(sigpending(&set) == 0 && !sigismember(&set, SIGUSR1));
        CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGUSR1));
        CHECK(getitimer(ITIMER_REAL, &timer) == 0 && timer.it_value.tv_sec == 0);
        CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == count);
        unblock(SIGUSR1);
        CHECK(counted == 0);
        _exit(15);
    }
    CHECK(exit_code(child) == 15);
    unblock(SIGUSR1);
    CHECK(counted == 1);
    puts("ok");
}
