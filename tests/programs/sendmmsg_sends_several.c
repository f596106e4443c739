// sendmmsg and recvmmsg move several datagrams in one call and tell each one's length.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    struct iovec out[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
    struct mmsghdr sent[3] = {0};
    for (int i = 0; i < 3; i++)
        sent[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    CHECK(sendmmsg(pair[0], sent, 3, 0) == 3);
    CHECK(sent[0].msg_len == 1 && sent[1].msg_len == 2 && sent[2].msg_len == 3);
    char texts[5][8] = {""};
    struct iovec in[5];
    struct mmsghdr received[5] = {0};
    for (int i = 0; i < 5; i++) {
        in[i] = (struct iovec){texts[i], 7};
        received[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    }
    CHECK(recvmmsg(pair[1], received, 5, MSG_DONTWAIT, NULL) == 3);
    for (int i = 0; i < 3; i++)
        printf("%u %s\n", received[i].msg_len, texts[i]);
}
