// Processes write down in which order they get a mutex, a condition and a semaphore that they
// share.
#include "seen.h"
#include <errno.h>
#include <semaphore.h>
#include <time.h>

enum { PROCESSES = 3, ROUNDS = 100 };

static struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    sem_t semaphore;
    int count;
    char who[PROCESSES * ROUNDS + 1];
} *shared;

static void wait_a_moment(void) {
    struct timespec end;
    CHECK(clock_gettime(CLOCK_REALTIME, &end) == 0);
    end.tv_nsec += 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    int result = pthread_cond_timedwait(&shared->changed, &shared->mutex, &end);
    CHECK(result == 0 || result == ETIMEDOUT);
}

static void work(int self) {
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(pthread_mutex_lock(&shared->mutex) == 0);
        shared->who[shared->count++] = (char)('0' + self);
        if (i % 7 == self)
            CHECK(pthread_cond_broadcast(&shared->changed) == 0);
        if (i % 25 == 24)
            wait_a_moment();
        CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
        if (i % 20 == 0) {
            CHECK(sem_wait(&shared->semaphore) == 0);
            usleep(50);
            CHECK(sem_post(&shared->semaphore) == 0);
        }
    }
}

int main(void) {
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    shared = shared_memory(sizeof *shared);
    CHECK(pthread_mutexattr_init(&mutex) == 0 && pthread_condattr_init(&condition) == 0);
    CHECK(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutex_init(&shared->mutex, &mutex) == 0);
    CHECK(pthread_cond_init(&shared->changed, &condition) == 0);
    CHECK(sem_init(&shared->semaphore, 1, 1) == 0);
    run_processes(PROCESSES, work);
    CHECK(shared->count == PROCESSES * ROUNDS);
    puts(shared->who);
}
