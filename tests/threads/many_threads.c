// A hundred threads at the same time.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
static int here;

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    note('a' + number(argument) % 26);
    if (++here == 100)
        CHECK(pthread_cond_broadcast(&all_here) == 0);
    while (here < 100)
        CHECK(pthread_cond_wait(&all_here, &mutex) == 0);
    note('A' + number(argument) % 26);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return NULL;
}

int main(void) {
    run_threads(100, work);
    CHECK(seen_count == 200);
    show_seen();
}
