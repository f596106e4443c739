// SO_RCVTIMEO makes a blocking receive give up with EAGAIN after its time.
#include "check.h"
#include <sys/socket.h>
#include <time.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct timeval limit = {0, 20000};
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    struct timespec start, end;
    char byte;
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_FAILS(recv(pair[0], &byte, 1, 0), EAGAIN);
    clock_gettime(CLOCK_MONOTONIC, &end);
    long elapsed = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
    CHECK(elapsed >= 15000);
    CHECK(send(pair[1], "x", 1, 0) == 1 && recv(pair[0], &byte, 1, 0) == 1 && byte == 'x');
    puts("ok");
}
