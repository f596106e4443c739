// SIGEV_THREAD_ID sends the signal to the chosen thread, whoever else could take it.
#include "signals.h"
#include <pthread.h>

static volatile sig_atomic_t hits;
static pid_t wanted;

static void handle(int number) {
    (void)number;
    CHECK(gettid() == wanted);
    hits++;
}

static void *compute(void *unused) {
    timer_t timer;
    wanted = gettid();
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
    event._sigev_un._tid = wanted;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec often = {{0, 2000000}, {0, 2000000}};
    CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    volatile uint64_t work = 0;
    while (hits < 8)
        work++;
    CHECK(timer_delete(timer) == 0);
    return unused;
}

int main(void) {
    pthread_t thread;
    on(SIGUSR2, handle, 0);
    CHECK(pthread_create(&thread, NULL, compute, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
