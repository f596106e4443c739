// pthread_kill interrupts the thread that blocks in a read, and no other.
#include "signals.h"
#include <poll.h>
#include <pthread.h>

static int ends[2], other[2];

static void *blocked(void *unused) {
    char byte;
    CHECK(write(other[1], "r", 1) == 1);
    for (int i = 0; i < 3; i++)
        CHECK_FAILS(read(ends[0], &byte, 1), EINTR);
    CHECK(write(other[1], "d", 1) == 1);
    return unused;
}

int main(void) {
    pthread_t thread;
    char byte;
    on(SIGUSR1, count, 0);
    CHECK(pipe(ends) == 0 && pipe(other) == 0);
    CHECK(pthread_create(&thread, NULL, blocked, NULL) == 0);
    CHECK(read(other[0], &byte, 1) == 1 && byte == 'r');
    struct pollfd wanted = {.fd = other[0], .events = POLLIN};
    while (poll(&wanted, 1, 5) == 0)
        CHECK(pthread_kill(thread, SIGUSR1) == 0);
    CHECK(read(other[0], &byte, 1) == 1 && byte == 'd');
    CHECK(pthread_join(thread, NULL) == 0 && counted >= 3);
    puts("ok");
}
