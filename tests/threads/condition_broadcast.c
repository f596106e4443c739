// A broadcast wakes everybody who waits; in which order they go on is open.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER, round_starts = PTHREAD_COND_INITIALIZER;
static int waiting, round_number;

static void *work(void *argument) {
    for (int round = 1; round <= 20; round++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        waiting++;
        CHECK(pthread_cond_signal(&arrived) == 0);
        while (round_number < round)
            CHECK(pthread_cond_wait(&round_starts, &mutex) == 0);
        note('a' + number(argument));
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[5];
    for (intptr_t i = 0; i < 5; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int round = 1; round <= 20; round++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        while (waiting < 5 * round)
            CHECK(pthread_cond_wait(&arrived, &mutex) == 0);
        CHECK(seen_count == (unsigned)(5 * (round - 1)));
        round_number = round;
        CHECK(pthread_cond_broadcast(&round_starts) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    for (int i = 0; i < 5; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < 5; i++)
        CHECK(noted('a' + i) == 20);
    show_seen();
}
