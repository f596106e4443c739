// Two threads hand a ball to and fro, with one condition variable.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int owner;

static void *work(void *argument) {
    for (int i = 0; i < 100; i++) {
        CHECK(pthread_mutex_lock(&mutex) == 0);
        while (owner != number(argument)) {
            note('w');
            CHECK(pthread_cond_wait(&changed, &mutex) == 0);
        }
        note('a' + owner);
        owner = !owner;
        CHECK(pthread_cond_signal(&changed) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    return NULL;
}

int main(void) {
    run_threads(2, work);
    int expected = 'a';
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i] != 'w') {
            CHECK(seen[i] == expected);
            expected ^= 'a' ^ 'b';
        }
    CHECK(noted('a') == 100 && noted('b') == 100);
    show_seen();
}
