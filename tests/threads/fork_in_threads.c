// Every thread forks; a child has only the thread that forked, and the locks as they were.
#include "seen.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int prepared, in_parent, in_child;

static void prepare(void) {
    CHECK(pthread_mutex_lock(&mutex) == 0);
    prepared++;
}

static void parent(void) {
    in_parent++;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static void child(void) {
    in_child++;
    CHECK(pthread_mutex_unlock(&mutex) == 0);
}

static void *work(void *argument) {
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (!pid) {
            CHECK(pthread_mutex_lock(&mutex) == 0 && in_child == 1);
            _exit(40 + number(argument));
        }
        CHECK(exit_code(pid) == 40 + number(argument));
        CHECK(pthread_mutex_lock(&mutex) == 0);
        note('a' + number(argument));
        CHECK(pthread_mutex_unlock(&mutex) == 0);
    }
    return NULL;
}

int main(void) {
    CHECK(pthread_atfork(prepare, parent, child) == 0);
    run_threads(4, work);
    CHECK(prepared == 20 && in_parent == 20 && in_child == 0);
    show_seen();
}
