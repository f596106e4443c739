// After shutdown(SHUT_WR) the peer reads the end while the other direction goes on.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    char byte;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(send(pair[0], "x", 1, 0) == 1 && shutdown(pair[0], SHUT_WR) == 0);
    CHECK(recv(pair[1], &byte, 1, 0) == 1 && byte == 'x');
    CHECK(recv(pair[1], &byte, 1, 0) == 0 && recv(pair[1], &byte, 1, 0) == 0);
    CHECK_FAILS(send(pair[0], "y", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(send(pair[1], "z", 1, 0) == 1 && recv(pair[0], &byte, 1, 0) == 1 && byte == 'z');
    CHECK(shutdown(pair[0], SHUT_RD) == 0 && recv(pair[0], &byte, 1, 0) == 0);
    CHECK_FAILS(shutdown(pair[0], 9), EINVAL);
    puts("ok");
}
