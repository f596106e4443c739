// When a thread ends with a robust mutex, the next one is told, and can make it consistent.
#include "seen.h"

static pthread_mutex_t mutex;
static int died;

static void *work(void *argument) {
    int result = pthread_mutex_lock(&mutex);
    if (result == EOWNERDEAD) {
        died++;
        note('A' + number(argument));
        CHECK(pthread_mutex_consistent(&mutex) == 0);
    } else {
        CHECK(result == 0);
        note('a' + number(argument));
    }
    if (number(argument) % 2)
        return NULL; // with the mutex
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    return NULL;
}

int main(void) {
    pthread_mutexattr_t attributes;
    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    for (int inherits = 0; inherits < 2; inherits++) {
        CHECK(pthread_mutexattr_setprotocol(&attributes, inherits ? PTHREAD_PRIO_INHERIT
                                                                  : PTHREAD_PRIO_NONE) == 0);
        CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
        run_threads(8, work);
        int last = pthread_mutex_lock(&mutex);
        CHECK(last == 0 || last == EOWNERDEAD);
        CHECK(died + (last == EOWNERDEAD) == 4 * (inherits + 1));
        died += last == EOWNERDEAD;
        if (last)
            CHECK(pthread_mutex_consistent(&mutex) == 0);
        CHECK(pthread_mutex_unlock(&mutex) == 0);
        note(' ');
    }
    show_seen();
}
