// Threads of two processes share a mutex, a condition variable and a semaphore in shared memory.
#include "seen.h"
#include <semaphore.h>

static struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    sem_t semaphore;
    int inside, turns, turn;
} *shared;
static int process;

static void *work(void *argument) {
    for (int i = 0; i < 15; i++) {
        CHECK(pthread_mutex_lock(&shared->mutex) == 0);
        CHECK(shared->inside++ == 0);
        shared->turns++;
        CHECK(--shared->inside == 0);
        if (number(argument) == 0) { // the first thread of each process in turn
            while (shared->turn % 2 != process)
                CHECK(pthread_cond_wait(&shared->changed, &shared->mutex) == 0);
            shared->turn++;
            CHECK(pthread_cond_broadcast(&shared->changed) == 0);
        }
        CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
        CHECK(sem_post(&shared->semaphore) == 0);
    }
    return NULL;
}

int main(void) {
    pthread_mutexattr_t mutex;
    pthread_condattr_t condition;
    shared = shared_memory(4096);
    CHECK(pthread_mutexattr_init(&mutex) == 0 && pthread_condattr_init(&condition) == 0);
    CHECK(pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutex_init(&shared->mutex, &mutex) == 0);
    CHECK(pthread_cond_init(&shared->changed, &condition) == 0);
    CHECK(sem_init(&shared->semaphore, 1, 0) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    process = !child;
    run_threads(3, work);
    if (!child)
        _exit(9);
    for (int i = 0; i < 90; i++)
        CHECK(sem_wait(&shared->semaphore) == 0);
    CHECK(exit_code(child) == 9);
    CHECK(shared->turns == 90 && shared->turn == 30);
    printf("%d\n", shared->turns);
}
