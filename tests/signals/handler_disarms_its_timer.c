// A handler disarms or deletes its own timer, when that may have expired again: nothing comes afterwards, nothing hangs.
#include "signals.h"

static timer_t timer;
static int round_;

static void handle(int number) {
    (void)number;
    counted++;
    for (volatile int spin = 0; spin < 300000; spin++)
        ;
    if (round_ % 2) {
        struct itimerspec never = {0};
        CHECK(timer_settime(timer, 0, &never, NULL) == 0);
    } else {
        CHECK(timer_delete(timer) == 0);
    }
}

int main(void) {
    on(SIGUSR1, handle, SA_RESTART);
    for (round_ = 0; round_ < 20; round_++) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        struct itimerspec often = {{0, 300000}, {0, 300000}};
        sigset_t none;
        sigemptyset(&none);
        counted = 0;
        block(SIGUSR1);
        CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
        CHECK(timer_settime(timer, 0, &often, NULL) == 0);
        CHECK_FAILS(sigsuspend(&none), EINTR);
        unblock(SIGUSR1);
        sleep_ms(2);
        CHECK(counted == 1);
        if (round_ % 2)
            CHECK(timer_delete(timer) == 0);
    }
    puts("ok");
}
