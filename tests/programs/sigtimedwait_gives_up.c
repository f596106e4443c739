// sigtimedwait returns EAGAIN after its time and a pending signal at once.
#include "check.h"
#include <time.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct timespec limit = {0, 20000000}, zero = {0, 0}, start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_FAILS(sigtimedwait(&set, NULL, &limit), EAGAIN);
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 19);
    CHECK_FAILS(sigtimedwait(&set, NULL, &zero), EAGAIN);
    CHECK(raise(SIGUSR2) == 0 && sigtimedwait(&set, NULL, &zero) == SIGUSR2);
    puts("ok");
}
