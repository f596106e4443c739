// A POSIX timer's signal carries its value and SI_TIMER; a stopped timer can be set again.
#include "signals.h"

static volatile sig_atomic_t right;
static int value;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    right += info->si_code == SI_TIMER && info->si_value.sival_ptr == &value;
}

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
    event.sigev_value.sival_ptr = &value;
    on_info(SIGRTMIN + 3, handle, 0);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec often = {{0, 1000000}, {0, 1000000}}, never = {0}, left;
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    volatile uint64_t work = 0;
    while (right < 10)
        work++;
    CHECK(timer_settime(timer, 0, &never, NULL) == 0 && timer_gettime(timer, &left) == 0);
    CHECK(left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
    int former = right;
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    while (right < former + 3)
        CHECK(pause() == -1 && errno == EINTR);
    CHECK(timer_delete(timer) == 0);
    puts("ok");
}
