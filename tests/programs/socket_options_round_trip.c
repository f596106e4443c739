// Options set on a socket read back as set; facts about it are read only.
#include "check.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>

static int get(int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    CHECK(getsockopt(fd, level, option, &value, &length) == 0 && length == sizeof value);
    return value;
}

int main(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, size = 20000;
    CHECK(get(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM && get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET);
    CHECK(get(fd, SOL_SOCKET, SO_REUSEADDR) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == 0);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
    CHECK(get(fd, SOL_SOCKET, SO_REUSEADDR) == 1 && get(fd, SOL_SOCKET, SO_KEEPALIVE) == 1);
    CHECK(get(fd, IPPROTO_TCP, TCP_NODELAY) == 1 && get(fd, SOL_SOCKET, SO_RCVBUF) == 2 * size);
    struct linger linger = {1, 7}, seen = {0, 0};
    socklen_t length = sizeof seen;
    CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &seen, &length) == 0 && seen.l_linger == 7);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_TYPE, &one, sizeof one) == -1);
    CHECK_FAILS(setsockopt(0x3ff, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), EBADF);
    puts("ok");
}
