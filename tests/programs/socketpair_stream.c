// A stream socket pair passes bytes both ways and joins small writes.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    char text[16] = "";
    CHECK(write(pair[0], "one ", 4) == 4 && write(pair[0], "two", 3) == 3);
    CHECK(read(pair[1], text, sizeof text) == 7);
    puts(text);
    CHECK(send(pair[1], "back", 4, 0) == 4 && recv(pair[0], text, 2, 0) == 2);
    CHECK(recv(pair[0], text + 2, 16 - 2, 0) == 2);
    printf("%.4s\n", text);
    CHECK(close(pair[0]) == 0 && read(pair[1], text, 1) == 0);
    CHECK_FAILS(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}
