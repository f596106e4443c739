// Four threads add to one counter under a mutex and nothing is lost.
#include "check.h"
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_spinlock_t spin;
static long counter, other;

static void *work(void *argument) {
    for (int i = 0; i < 5000; i++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        counter++;
        CHECK(pthread_mutex_unlock(&mutex) == 0);
        pthread_spin_lock(&spin);
        other += 2;
        pthread_spin_unlock(&spin);
    }
    return argument;
}

int main(void) {
    pthread_t threads[4];
    CHECK(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%ld %ld\n", counter, other);
}
