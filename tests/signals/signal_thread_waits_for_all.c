// A thread in sigwait takes the signals that every thread blocks; the others are not disturbed.
#include "signals.h"
#include <pthread.h>

static void *take(void *order) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    int number;
    do {
        CHECK(sigwait(&set, &number) == 0);
        strcat(order, number == SIGTERM ? "T" : "u");
    } while (number != SIGTERM);
    return NULL;
}

int main(void) {
    static char order[32];
    pthread_t thread;
    block(SIGUSR1);
    block(SIGTERM);
    CHECK(pthread_create(&thread, NULL, take, order) == 0);
    for (size_t i = 1; i <= 4; i++) {
        CHECK(kill(getpid(), SIGUSR1) == 0);
        sigset_t pending;
        do
            CHECK(sigpending(&pending) == 0 && usleep(500) == 0);
        while (sigismember(&pending, SIGUSR1));
    }
    CHECK(kill(getpid(), SIGTERM) == 0 && pthread_join(thread, NULL) == 0);
    puts(order);
}
