// pselect takes a pending signal while its mask is in place and never changes the timeout.
#include "check.h"
#include <sys/select.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t blocked, empty;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    CHECK(signal(SIGUSR2, handle) != SIG_ERR && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR2) == 0 && count == 0);
    struct timespec limit = {5, 0}, brief = {0, 10000000};
    CHECK_FAILS(pselect(0, NULL, NULL, NULL, &limit, &empty), EINTR);
    CHECK(count == 1 && limit.tv_sec == 5);
    CHECK(pselect(0, NULL, NULL, NULL, &brief, &empty) == 0 && brief.tv_nsec == 10000000);
    puts("ok");
}
