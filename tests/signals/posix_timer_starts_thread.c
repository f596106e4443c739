// SIGEV_THREAD runs a function in a thread, with the value.
#include "signals.h"
#include <semaphore.h>

static sem_t done;
static int got;

static void fired(union sigval value) {
    got = value.sival_int;
    sem_post(&done);
}

int main(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = fired};
    event.sigev_value.sival_int = 4321;
    CHECK(sem_init(&done, 0, 0) == 0 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec once = {{0, 0}, {0, 5000000}};
    CHECK(timer_settime(timer, 0, &once, NULL) == 0);
    CHECK(sem_wait(&done) == 0);
    printf("%d\n", got);
}
