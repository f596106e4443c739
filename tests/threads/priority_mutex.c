// Mutexes with priority inheritance, error checking and recursion.
#include "seen.h"

static pthread_mutex_t priority, checking, recursive;
static int inside;

static void *work(void *argument) {
    for (int i = 0; i < 40; i++) {
        CHECK(pthread_mutex_lock(&priority) == 0);
        CHECK(inside++ == 0);
        note('a' + number(argument));
        CHECK(--inside == 0);
        CHECK(pthread_mutex_unlock(&priority) == 0);
        CHECK(pthread_mutex_lock(&checking) == 0);
        CHECK(pthread_mutex_lock(&checking) == EDEADLK);
        CHECK(pthread_mutex_unlock(&checking) == 0);
        CHECK(pthread_mutex_unlock(&checking) == EPERM || i < 39);
        CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
        note('A' + number(argument));
        CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    }
    return NULL;
}

static void init(pthread_mutex_t *mutex, int type, int protocol) {
    pthread_mutexattr_t attributes;
    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_settype(&attributes, type) == 0);
    CHECK(pthread_mutexattr_setprotocol(&attributes, protocol) == 0);
    CHECK(pthread_mutex_init(mutex, &attributes) == 0);
}

int main(void) {
    init(&priority, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT);
    init(&checking, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE);
    init(&recursive, PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT);
    run_threads(4, work);
    CHECK(seen_count == 320);
    show_seen();
}
