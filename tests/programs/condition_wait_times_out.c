// A timed wait on a condition variable ends with ETIMEDOUT and holds the mutex again.
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

int main(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    struct timespec limit, now;
    CHECK(pthread_mutex_lock(&mutex) == 0);
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += 20000000;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    CHECK(pthread_cond_timedwait(&changed, &mutex, &limit) == ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &now);
    CHECK(now.tv_sec > limit.tv_sec || now.tv_nsec >= limit.tv_nsec);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    sem_t semaphore;
    CHECK(sem_init(&semaphore, 0, 1) == 0);
    CHECK(sem_timedwait(&semaphore, &limit) == 0);
    CHECK_FAILS(sem_timedwait(&semaphore, &limit), ETIMEDOUT);
    CHECK_FAILS(sem_trywait(&semaphore), EAGAIN);
    puts("ok");
}
