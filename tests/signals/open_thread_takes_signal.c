// A process's signal goes to the one thread that does not block it.
#include "signals.h"
#include <pthread.h>

static pid_t taker;
static int ends[2];

static void handle(int number) {
    (void)number;
    CHECK(gettid() == taker);
    counted++;
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
    for (int i = 1; i <= 3; i++) {
        CHECK(kill(getpid(), SIGUSR1) == 0);
        while (counted < i)
            sleep_ms(1);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    puts("ok");
}
