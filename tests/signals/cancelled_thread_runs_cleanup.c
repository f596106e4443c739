// pthread_cancel ends a thread that blocks in a call or computes; its cleanup handlers run.
#include "signals.h"
#include <pthread.h>

static int ends[2], ready[2];
static volatile int cleaned;

static void clean(void *step) {
    cleaned += *(int *)step;
}

static void *block_in_read(void *step) {
    pthread_cleanup_push(clean, step);
    char byte;
    CHECK(write(ready[1], "x", 1) == 1);
    ssize_t got = read(ends[0], &byte, 1);
    CHECK(got == 99);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *compute(void *step) {
    CHECK(write(ready[1], "x", 1) == 1);
    CHECK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL) == 0);
    pthread_cleanup_push(clean, step);
    for (volatile uint64_t work = 0;; work++)
        ;
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    int steps[] = {1, 10};
    CHECK(pipe(ends) == 0 && pipe(ready) == 0);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        void *result;
        char byte;
        CHECK(pthread_create(&thread, NULL, i ? compute : block_in_read, &steps[i]) == 0);
        CHECK(read(ready[0], &byte, 1) == 1);
        sleep_ms(10);
        CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    printf("%d\n", cleaned);
}
