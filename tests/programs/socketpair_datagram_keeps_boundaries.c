// Datagrams stay apart, empty ones too; a short buffer cuts one and MSG_TRUNC tells its length.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    char text[16] = "";
    CHECK(send(pair[0], "first", 5, 0) == 5 && send(pair[0], "", 0, 0) == 0);
    CHECK(send(pair[0], "second", 6, 0) == 6 && send(pair[0], "third", 5, 0) == 5);
    CHECK(recv(pair[1], text, sizeof text, 0) == 5 && memcmp(text, "first", 5) == 0);
    CHECK(recv(pair[1], text, sizeof text, 0) == 0);
    CHECK(recv(pair[1], text, 3, MSG_TRUNC) == 6 && memcmp(text, "sec", 3) == 0);
    CHECK(recv(pair[1], text, 2, 0) == 2 && memcmp(text, "th", 2) == 0);
    CHECK_FAILS(recv(pair[1], text, 1, MSG_DONTWAIT), EAGAIN);
    puts("ok");
}
