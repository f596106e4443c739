// The first thread ends with pthread_exit; the last one to end ends the process.
#include "seen.h"

static pthread_t first;

static void *work(void *argument) {
    void *result;
    if (number(argument) == 0) {
        CHECK(pthread_join(first, &result) == 0 && number(result) == 5);
        note('m');
    }
    usleep(100);
    note('a' + number(argument));
    return NULL;
}

static void show(void) {
    CHECK(seen_count == 4);
    show_seen();
}

int main(void) {
    first = pthread_self();
    CHECK(atexit(show) == 0);
    for (intptr_t i = 0; i < 3; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0);
    }
    pthread_exit((void *)5);
}
