// A pool of threads works off jobs; jobs wait for the results of others.
#include "seen.h"

enum { JOBS = 64, WORKERS = 4 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER, finished = PTHREAD_COND_INITIALIZER;
static int queued, started, ended, result[JOBS], stop;

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    for (;;) {
        while (started == queued && !stop)
            CHECK(pthread_cond_wait(&submitted, &mutex) == 0);
        if (started == queued)
            break;
        int job = started++;
        CHECK(pthread_mutex_unlock(&mutex) == 0);
        int sum = 0;
        for (int i = 0; i <= job; i++)
            sum += i;
        note('a' + number(argument));
        CHECK(pthread_mutex_lock(&mutex) == 0);
        result[job] = sum;
        ended++;
        CHECK(pthread_cond_broadcast(&finished) == 0);
    }
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return NULL;
}

int main(void) {
    pthread_t threads[WORKERS];
    for (intptr_t i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    while (queued < JOBS) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        queued += 4;
        CHECK(pthread_cond_broadcast(&submitted) == 0);
        while (ended < queued - 8)
            CHECK(pthread_cond_wait(&finished, &mutex) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    CHECK(pthread_mutex_lock(&mutex) == 0);
    stop = 1;
    CHECK(pthread_cond_broadcast(&submitted) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < JOBS; i++)
        CHECK(result[i] == i * (i + 1) / 2);
    CHECK(seen_count == JOBS);
    show_seen();
}
