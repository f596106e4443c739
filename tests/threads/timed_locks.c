// Deadlines for mutexes, read-write locks, semaphores and joins.
#include "seen.h"
#include <semaphore.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;

static struct timespec soon(void) {
    struct timespec time;
    CHECK(clock_gettime(CLOCK_REALTIME, &time) == 0);
    time.tv_nsec += 700000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void *work(void *argument) {
    int self = number(argument);
    for (int i = 0; i < 10; i++) {
        struct timespec deadline = soon();
        int result = pthread_mutex_timedlock(&mutex, &deadline);
        CHECK(result == 0 || result == ETIMEDOUT);
        note((result ? 'A' : 'a') + self);
        if (!result) {
            usleep(i % 3 ? 50 : 900);
            CHECK(pthread_mutex_unlock(&mutex) == 0);
        }
        deadline = soon();
        result = self % 2 ? pthread_rwlock_timedrdlock(&lock, &deadline)
                          : pthread_rwlock_timedwrlock(&lock, &deadline);
        CHECK(result == 0 || result == ETIMEDOUT);
        note((result ? 'E' : 'e') + self);
        if (!result) {
            usleep(i % 3 ? 50 : 900);
            CHECK(pthread_rwlock_unlock(&lock) == 0);
        }
        deadline = soon();
        result = sem_timedwait(&semaphore, &deadline);
        CHECK(result == 0 || errno == ETIMEDOUT);
        note((result ? 'I' : 'i') + self);
        if (!result)
            CHECK(sem_post(&semaphore) == 0);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[3];
    CHECK(sem_init(&semaphore, 0, 1) == 0);
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    struct timespec deadline = soon();
    while (pthread_timedjoin_np(threads[0], NULL, &deadline) == ETIMEDOUT) {
        note('.');
        deadline = soon();
    }
    CHECK(pthread_join(threads[1], NULL) == 0 && pthread_join(threads[2], NULL) == 0);
    show_seen();
}
