// A process's signal goes to the one thread that does not block it.
#include "signals.h"
#include <pthread.h>

static pid_t taker;
static int ends[2];

static void handle(int number) {
    (void)number;
    CHECK(gettid() == taker);
    counted++;
    CHECK(write(ends[1], "h", 1) == 1);
}

static void *take(void *unused) {
    taker = gettid();
    sigset_t none;
    sigemptyset(&none);
    CHECK(write(ends[1], "x", 1) == 1);
    while (counted < 3)
        sigsuspend(&none);
    return unused;
}

int main(void) {
    pthread_t thread;
    char byte;
    on(SIGUSR1, handle, 0);
    block(SIGUSR1);
    CHECK(pipe(ends) == 0 && pthread_create(&thread, NULL, take, NULL) == 0);
    CHECK(read(ends[0], &byte, 1) == 1);
    for (int i = 0; i < 3; i++) {
        CHECK(kill(getpid(), SIGUSR1) == 0);
        CHECK(read(ends[0], &byte, 1) == 1 && byte == 'h');
    }
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
