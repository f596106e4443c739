// Waits for a condition with a deadline end by the deadline or by a signal, never by both.
#include "seen.h"
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition;
static int tokens, taken, stopped;

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    while (!stopped) {
        struct timespec deadline;
        CHECK(clock_gettime(CLOCK_MONOTONIC, &deadline) == 0);
        deadline.tv_nsec += 500000;
        deadline.tv_sec += deadline.tv_nsec / 1000000000;
        deadline.tv_nsec %= 1000000000;
        int result = 0;
        while (!tokens && !stopped && !result)
            result = pthread_cond_timedwait(&condition, &mutex, &deadline);
        CHECK(result == 0 || result == ETIMEDOUT);
        if (tokens) {
            tokens--;
            taken++;
        }
        note((result ? 'A' : 'a') + number(argument));
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return NULL;
}

int main(void) {
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&condition, &attributes) == 0);
    pthread_t threads[3];
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        tokens++;
        CHECK(pthread_cond_signal(&condition) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
        usleep(400);
    }
    CHECK(pthread_mutex_lock(&mutex) == 0);
    stopped = 1;
    CHECK(pthread_cond_broadcast(&condition) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(taken + tokens == 20);
    show_seen();
    printf("taken: %d\n", taken);
}
