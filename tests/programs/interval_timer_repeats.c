// An interval timer fires until it is stopped, and alarm tells the seconds that were left.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    CHECK(signal(SIGALRM, handle) != SIG_ERR && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}}, left;
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (count < 3)
        CHECK_FAILS(sigsuspend(&empty), EINTR);
    CHECK(setitimer(ITIMER_REAL, &never, &left) == 0);
    CHECK(left.it_interval.tv_usec == 10000);
    CHECK(alarm(100) == 0 && alarm(0) >= 99 && alarm(0) == 0);
    puts("ok");
}
