// A sequenced-packet pair keeps boundaries and has an end.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    char text[16] = "";
    CHECK(write(pair[0], "abc", 3) == 3 && write(pair[0], "de", 2) == 2);
    CHECK(close(pair[0]) == 0);
    CHECK(read(pair[1], text, sizeof text) == 3 && memcmp(text, "abc", 3) == 0);
    struct iovec piece = {text, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    CHECK(recvmsg(pair[1], &message, 0) == 1 && (message.msg_flags & MSG_TRUNC));
    CHECK(read(pair[1], text, sizeof text) == 0);
    puts("ok");
}
