// A cancelled thread runs its clean-up and joins as PTHREAD_CANCELED.
#include "check.h"
#include <pthread.h>

static int cleaned, ends[2];

static void clean(void *argument) { cleaned += *(int *)argument; }

static void *work(void *argument) {
    char byte;
    pthread_cleanup_push(clean, argument);
    while (read(ends[0], &byte, 1) >= 0)
        ;
    pthread_cleanup_pop(0);
    return NULL;
}

static void *refuse(void *argument) {
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
    CHECK(pthread_cancel(pthread_self()) == 0);
    pthread_testcancel();
    return argument;
}

int main(void) {
    int five = 5;
    pthread_t thread;
    void *result;
    CHECK(pipe(ends) == 0);
    CHECK(pthread_create(&thread, NULL, work, &five) == 0);
    CHECK(pthread_cancel(thread) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    CHECK(pthread_create(&thread, NULL, refuse, &five) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == &five);
    printf("%d\n", cleaned);
}
