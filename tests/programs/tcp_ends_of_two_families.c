// A process that has both ends of its connections, one of them with an IPv6 address, sees at one
// what it has written at the other.
#include "connections.h"

enum { COUNT = 2, ROUNDS = 20 };

int main(void) {
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t size = sizeof any;
    int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&any, sizeof any)) {
        puts("ok"); // there is no IPv6
        return 0;
    }
    CHECK(!listen(listener, 9) && !getsockname(listener, (struct sockaddr *)&any, &size));
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = any.sin6_port,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int ends[COUNT], others[COUNT], epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < COUNT; i++) {
        others[i] = connected(&place);
    }
    accept_all(listener, epoll, ends, COUNT);
    for (int round = 0; round < ROUNDS; round++) {
        struct epoll_event events[COUNT];
        char bytes[8];
        for (int i = 0; i < COUNT; i++) {
            CHECK(write(others[i], "?", 1) == 1);
        }
        await(epoll, events, COUNT);
        for (int i = 0; i < COUNT; i++) {
            CHECK(read(ends[i], bytes, sizeof bytes) == 1 && write(ends[i], "ab", 2) == 2);
            CHECK(recv(others[i], bytes, sizeof bytes, MSG_DONTWAIT) == 2);
        }
    }
    puts("ok");
}
