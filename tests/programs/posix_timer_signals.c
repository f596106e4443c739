// timer_create sends its signal with its value; timer_settime and timer_delete stop it.
#include "check.h"
#include <time.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int target = 0;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
    event.sigev_value.sival_ptr = &target;
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec when = {{0, 10000000}, {0, 10000000}}, left;
    CHECK(timer_settime(timer, 0, &when, NULL) == 0);
    siginfo_t info;
    for (int i = 0; i < 3; i++) {
        CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1);
        CHECK(info.si_code == SI_TIMER && info.si_value.sival_ptr == &target);
    }
    CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == 10000000);
    CHECK(timer_getoverrun(timer) >= 0 && timer_delete(timer) == 0);
    CHECK_FAILS(timer_settime(timer, 0, &when, NULL), EINVAL);
    puts("ok");
}
