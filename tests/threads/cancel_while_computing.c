// A thread that computes without any call is cancelled asynchronously.
#include "seen.h"

static int started;
static volatile unsigned long value;

static void *work(void *argument) {
    CHECK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL) == 0);
    __atomic_store_n(&started, 1, __ATOMIC_SEQ_CST);
    for (;;)
        value++;
    return argument;
}

int main(void) {
    for (int i = 0; i < 3; i++) {
        pthread_t thread;
        void *result;
        started = 0;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
        while (!__atomic_load_n(&started, __ATOMIC_SEQ_CST))
            usleep(100);
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        note('c');
    }
    show_seen();
}
