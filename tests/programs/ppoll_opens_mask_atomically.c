// ppoll with an empty mask lets a pending signal in, returns EINTR and restores the mask.
#include "check.h"
#include <poll.h>

static volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

int main(void) {
    sigset_t blocked, empty, now;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK(signal(SIGUSR1, handle) != SIG_ERR);
    CHECK(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0 && raise(SIGUSR1) == 0 && count == 0);
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
    CHECK_FAILS(ppoll(&wanted, 1, NULL, &empty), EINTR);
    CHECK(count == 1 && sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1));
    struct timespec limit = {0, 10000000};
    CHECK(raise(SIGUSR1) == 0 && ppoll(&wanted, 1, &limit, NULL) == 0 && count == 1);
    CHECK(write(ends[1], "x", 1) == 1 && ppoll(&wanted, 1, &limit, &blocked) == 1);
    puts("ok");
}
