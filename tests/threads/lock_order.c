// Four threads want one mutex again and again, and one asks without waiting.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int inside, refused;

static void *work(void *argument) {
    for (int i = 0; i < 200; i++) {
        if (number(argument) == 4) {
            if (pthread_mutex_trylock(&mutex) != 0) {
                __atomic_add_fetch(&refused, 1, __ATOMIC_SEQ_CST);
                usleep(50);
                continue;
            }
        } else
            CHECK(pthread_mutex_lock(&mutex) == 0);
        CHECK(inside++ == 0);
        note('a' + number(argument));
        if (i % 50 == 0)
            usleep(100);
        CHECK(--inside == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    return NULL;
}

int main(void) {
    run_threads(5, work);
    CHECK(seen_count + refused == 1000);
    show_seen();
    printf("refused: %d\n", refused);
}
