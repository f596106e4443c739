// A process that has both ends of its connections sees at one what it has written at the other,
// whichever way it looks, while several are ready.
#include "connections.h"

#include <poll.h>
#include <sys/ioctl.h>

enum { COUNT = 3 };

int main(void) {
    struct sockaddr_in place;
    int listener = listening(&place), ends[COUNT], others[COUNT];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < COUNT; i++) {
        others[i] = connected(&place);
    }
    accept_all(listener, epoll, ends, COUNT);
    for (int way = 0; way < 8; way++) {
        struct epoll_event events[COUNT];
        char bytes[32] = "";
        for (int i = 0; i < COUNT; i++) {
            CHECK(write(others[i], "request", 7) == 7);
        }
        await(epoll, events, COUNT);
        for (int i = 0; i < COUNT; i++) {
            int available = -1;
            struct pollfd wanted = {others[i], POLLIN, 0};
            CHECK(read(ends[i], bytes, sizeof bytes) == 7);
            CHECK(write(ends[i], "answer", 6) == 6);
            switch (way) {
            case 0:
                CHECK(recv(others[i], bytes, sizeof bytes, 0) == 6);
                continue;
            case 1:
                CHECK(recv(others[i], bytes, sizeof bytes, MSG_DONTWAIT) == 6);
                continue;
            case 2:
                CHECK(poll(&wanted, 1, 0) == 1 && wanted.revents == POLLIN);
                break;
            case 3:
                CHECK(!ioctl(others[i], FIONREAD, &available) && available == 6);
                break;
            case 4:
                CHECK(recv(others[i], bytes, 3, MSG_PEEK) == 3);
                break;
            case 5: {
                struct iovec part = {bytes, sizeof bytes};
                struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
                CHECK(recvmsg(others[i], &message, MSG_DONTWAIT) == 6);
                continue;
            }
            case 6:
                CHECK(write(ends[i], "s", 1) == 1 && send(ends[i], "t", 1, MSG_OOB) == 1);
                CHECK(recv(others[i], bytes, sizeof bytes, 0) == 7);
                CHECK(recv(others[i], bytes, 1, MSG_OOB) == 1 && *bytes == 't');
                continue;
            }
            CHECK(read(others[i], bytes, sizeof bytes) == 6 && !memcmp(bytes, "answer", 6));
        }
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK(write(others[i], "last", 4) == 4);
    }
    struct epoll_event events[COUNT];
    await(epoll, events, COUNT);
    char bytes[32];
    CHECK(write(ends[0], "bye", 3) == 3 && !shutdown(ends[0], SHUT_WR));
    CHECK(write(ends[1], "bye", 3) == 3 && !close(ends[1]));
    CHECK(read(others[0], bytes, sizeof bytes) == 3 && !read(others[0], bytes, sizeof bytes));
    CHECK(read(others[1], bytes, sizeof bytes) == 3);
    signal(SIGPIPE, SIG_IGN);
    CHECK(!close(others[2]));
    ssize_t size = 1; // the peer has closed: a write or the next ones fail
    for (int i = 0; i < 100 && size == 1; i++) {
        size = write(ends[2], "x", 1);
        usleep(1000);
    }
    CHECK(size == -1 && (errno == EPIPE || errno == ECONNRESET));
    puts("ok");
}
