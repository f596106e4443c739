// Error-checking, recursive and timed mutexes keep their rules.
#include "check.h"
#include <pthread.h>
#include <time.h>

static void *try_lock(void *mutex) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec -= 1;
    CHECK(pthread_mutex_timedlock(mutex, &limit) == ETIMEDOUT);
    return (void *)(intptr_t)pthread_mutex_trylock(mutex);
}

int main(void) {
    pthread_mutexattr_t kind;
    pthread_mutex_t checking, recursive;
    CHECK(pthread_mutexattr_init(&kind) == 0);
    CHECK(pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK) == 0);
    CHECK(pthread_mutex_init(&checking, &kind) == 0);
    CHECK(pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE) == 0);
    CHECK(pthread_mutex_init(&recursive, &kind) == 0);
    CHECK(pthread_mutex_lock(&checking) == 0 && pthread_mutex_lock(&checking) == EDEADLK);
    CHECK(pthread_mutex_unlock(&checking) == 0 && pthread_mutex_unlock(&checking) == EPERM);
    CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == 0);
    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, try_lock, &recursive) == 0);
    CHECK(pthread_join(thread, &result) == 0 && (intptr_t)result == EBUSY);
    CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_destroy(&recursive) == 0);
    puts("ok");
}
