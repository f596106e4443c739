// Two threads take turns by a condition variable; the first one prints each round.
#include "check.h"
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, value;

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    for (int i = 0; i < 10; i++) {
        while (turn != 1)
            CHECK(pthread_cond_wait(&changed, &mutex) == 0);
        value = value * 2 + 1;
        turn = 0;
        CHECK(pthread_cond_signal(&changed) == 0);
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return argument;
}

int main(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    for (int i = 0; i < 10; i++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        turn = 1;
        CHECK(pthread_cond_signal(&changed) == 0);
        while (turn != 0)
            CHECK(pthread_cond_wait(&changed, &mutex) == 0);
        printf("round %d: %d\n", i, value);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    CHECK(pthread_join(thread, NULL) == 0);
}
