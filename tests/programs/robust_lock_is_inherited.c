// Who waits for a robust lock with priority inheritance gets it when its owner ends.
#include "check.h"
#include <pthread.h>

static pthread_mutex_t mutex;
static pthread_barrier_t barrier;

static void *own(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    pthread_barrier_wait(&barrier);
    usleep(20000);
    return argument; // ends without unlocking
}

static void *wait_for_it(void *argument) {
    int result = pthread_mutex_lock(&mutex);
    CHECK(result == EOWNERDEAD || result == 0);
    if (result) {
        CHECK(pthread_mutex_consistent(&mutex) == 0);
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    __atomic_add_fetch((int *)argument, result == EOWNERDEAD, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void) {
    pthread_mutexattr_t kind;
    CHECK(pthread_mutexattr_init(&kind) == 0);
    CHECK(pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT) == 0);
    CHECK(pthread_mutex_init(&mutex, &kind) == 0);
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    int heirs = 0;
    pthread_t owner, waiters[3];
    CHECK(pthread_create(&owner, NULL, own, NULL) == 0);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_create(&waiters[i], NULL, wait_for_it, &heirs) == 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(waiters[i], NULL) == 0);
    }
    CHECK(pthread_join(owner, NULL) == 0);
    printf("%d\n", heirs);
}
