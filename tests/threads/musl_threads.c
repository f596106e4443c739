// The threads of another C library, statically linked: mutexes, conditions, semaphores, cancellation.
#include "seen.h"
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static int token;

static void *work(void *argument) {
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        while (token % 3 == number(argument) && token < 57)
            CHECK(pthread_cond_wait(&condition, &mutex) == 0);
        token++;
        note('a' + number(argument));
        CHECK(pthread_cond_broadcast(&condition) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    int result = pthread_barrier_wait(&barrier);
    CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
    CHECK(sem_post(&semaphore) == 0);
    return NULL;
}

static __attribute__((noreturn)) void *wait_for_ever(void *argument) {
    note('w');
    for (;;)
        sem_wait(argument);
}

int main(void) {
    pthread_t thread;
    void *result;
    sem_t never;
    CHECK(pthread_barrier_init(&barrier, NULL, 4) == 0);
    CHECK(sem_init(&semaphore, 0, 0) == 0 && sem_init(&never, 0, 0) == 0);
    run_threads(4, work);
    for (int i = 0; i < 4; i++)
        CHECK(sem_wait(&semaphore) == 0);
    CHECK(token == 80);
    CHECK(pthread_create(&thread, NULL, wait_for_ever, &never) == 0);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    show_seen();
}
