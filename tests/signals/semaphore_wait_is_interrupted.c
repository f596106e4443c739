// sem_wait and sem_timedwait (futex) end with EINTR without SA_RESTART, and go on with it.
#include "signals.h"
#include <semaphore.h>

static sem_t semaphore;
static volatile sig_atomic_t turns;

static void post(int number) {
    (void)number;
    if (++counted == turns)
        CHECK(sem_post(&semaphore) == 0);
}

int main(void) {
    struct timespec late;
    CHECK(sem_init(&semaphore, 0, 0) == 0 && clock_gettime(CLOCK_REALTIME, &late) == 0);
    late.tv_sec += 100;
    on(SIGALRM, post, 0);
    alarm_us(3000, 3000);
    CHECK_FAILS(sem_wait(&semaphore), EINTR);
    CHECK_FAILS(sem_timedwait(&semaphore, &late), EINTR);
    alarm_us(0, 0);
    turns = counted + 3;
    on(SIGALRM, post, SA_RESTART);
    alarm_us(3000, 3000);
    CHECK(sem_wait(&semaphore) == 0);
    alarm_us(0, 0);
    puts("ok");
}
