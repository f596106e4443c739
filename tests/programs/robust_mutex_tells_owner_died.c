// The next owner of a robust mutex learns that the last one ended while holding it.
#include "check.h"
#include <pthread.h>

static pthread_mutex_t mutex;

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    return argument; // ends without unlocking
}

int main(void) {
    pthread_mutexattr_t kind;
    CHECK(pthread_mutexattr_init(&kind) == 0);
    CHECK(pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(&mutex, &kind) == 0);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
        CHECK(pthread_mutex_trylock(&mutex) == EOWNERDEAD);
        CHECK(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    }
    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    puts("ok");
}
