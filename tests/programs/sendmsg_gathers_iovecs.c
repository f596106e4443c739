// sendmsg joins its pieces and recvmsg spreads them over pieces of other sizes.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct iovec out[3] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
    struct msghdr sent = {.msg_iov = out, .msg_iovlen = 3};
    CHECK(sendmsg(pair[0], &sent, 0) == 13);
    char head[7] = "", tail[32] = "";
    struct iovec in[2] = {{head, 6}, {tail, sizeof tail - 1}};
    struct msghdr received = {.msg_iov = in, .msg_iovlen = 2};
    CHECK(recvmsg(pair[1], &received, 0) == 13);
    CHECK(received.msg_flags == 0 && received.msg_controllen == 0 && received.msg_namelen == 0);
    printf("%s|%s\n", head, tail);
}
