// A thread that is cancelled while it waits for a condition has the mutex again in its clean-up.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static int waiting, inside;

static void clean(void *argument) {
    CHECK(inside++ == 0);
    note('A' + number(argument));
    CHECK(--inside == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static void *work(void *argument) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    pthread_cleanup_push(clean, argument);
    waiting++;
    note('a' + number(argument));
    for (;;)
        CHECK(pthread_cond_wait(&never, &mutex) == 0);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t threads[5];
    for (intptr_t i = 0; i < 5; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 4; i >= 0; i--)
        CHECK(pthread_cancel(threads[i]) == 0);
    for (int i = 0; i < 5; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && result == PTHREAD_CANCELED);
    }
    CHECK(noted('A') + noted('B') + noted('C') + noted('D') + noted('E') == (unsigned)waiting);
    show_seen();
}
