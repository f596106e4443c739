// A mutex with priority inheritance and a robust one, shared by processes; one dies with both.
#include "seen.h"
#include <errno.h>
#include <stdatomic.h>

enum { PROCESSES = 3, ROUNDS = 40 };

static struct shared {
    pthread_mutex_t inheriting, robust;
    int count;
    char who[2 * PROCESSES * ROUNDS + 1];
} *shared;

static void make(pthread_mutex_t *mutex, int inherits) {
    pthread_mutexattr_t attributes;
    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    if (inherits)
        CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    else
        CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(mutex, &attributes) == 0);
}

static void work(int self) {
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(pthread_mutex_lock(&shared->inheriting) == 0);
        shared->who[shared->count++] = (char)('a' + self);
        if (i % 8 == self)
            usleep(50);
        CHECK(pthread_mutex_unlock(&shared->inheriting) == 0);
        int result = pthread_mutex_lock(&shared->robust);
        if (result == EOWNERDEAD)
            CHECK(pthread_mutex_consistent(&shared->robust) == 0);
        else
            CHECK(result == 0);
        if (self == 0 && i == ROUNDS / 2)
            _exit(0); // with the robust one
        CHECK(pthread_mutex_unlock(&shared->robust) == 0);
    }
}

int main(void) {
    shared = shared_memory(sizeof *shared);
    make(&shared->inheriting, 1);
    make(&shared->robust, 0);
    run_processes(PROCESSES, work);
    CHECK(shared->count == (PROCESSES - 1) * ROUNDS + ROUNDS / 2 + 1);
    puts(shared->who);
}
