// O_ASYNC with F_SETOWN sends SIGIO when there is something to read.
#include "signals.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    on(SIGIO, count, 0);
    block(SIGIO);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(fcntl(pair[0], F_SETOWN, getpid()) == 0 && fcntl(pair[0], F_GETOWN) == getpid());
    CHECK(fcntl(pair[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
    sigset_t none;
    sigemptyset(&none);
    for (int i = 1; i <= 5; i++) {
        char byte;
        CHECK(write(pair[1], "x", 1) == 1);
        CHECK(sigsuspend(&none) == -1 && errno == EINTR && counted == i);
        CHECK(read(pair[0], &byte, 1) == 1);
    }
    puts("ok");
}
