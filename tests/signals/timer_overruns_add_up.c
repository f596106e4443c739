// Signals of a timer and their overruns together tell every expiry, whoever is late.
#include "signals.h"

static volatile long expiries;

static void note(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    expiries += 1 + info->si_overrun;
}

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    on_info(SIGRTMIN, note, SA_RESTART);
    for (int way = 0; way < 2; way++) {
        expiries = 0;
        CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
        struct itimerspec often = {{0, 2000000}, {0, 2000000}};
        double start = now_ms();
        CHECK(timer_settime(timer, 0, &often, NULL) == 0);
        while (now_ms() - start < 200)
            if (way)
                sleep_ms(5);
        sigset_t set = only(SIGRTMIN);
        sigprocmask(SIG_BLOCK, &set, NULL);
        double expected = (now_ms() - start) / 2;
        if ((double)expiries < expected * 0.8 - 10 || (double)expiries > expected * 1.2 + 2)
            printf("%ld of %g\n", expiries, expected);
        CHECK(timer_delete(timer) == 0);
        struct timespec none = {0, 0};
        sigtimedwait(&set, NULL, &none);
        unblock(SIGRTMIN);
    }
    puts("ok");
}
