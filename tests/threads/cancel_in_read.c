// Threads that wait in read are cancelled: they run their clean-up, and bytes are read or not, never half.
#include "seen.h"

static int ends[2], got;

static void clean(void *argument) { note('A' + number(argument)); }

static void *work(void *argument) {
    char byte;
    pthread_cleanup_push(clean, argument);
    while (read(ends[0], &byte, 1) == 1) {
        note('a' + number(argument));
        __atomic_add_fetch(&got, 1, __ATOMIC_SEQ_CST);
    }
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    pthread_t threads[4];
    CHECK(pipe(ends) == 0);
    for (intptr_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    CHECK(write(ends[1], "0123456789", 10) == 10);
    while (__atomic_load_n(&got, __ATOMIC_SEQ_CST) < 10)
        usleep(100);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_cancel(threads[i]) == 0);
    for (int i = 0; i < 4; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && result == PTHREAD_CANCELED);
        CHECK(noted('A' + i) == 1);
    }
    show_seen();
}
