// A server that finds several connections ready answers one after the other, by every kind of
// write, also with more than the kernel takes at once; the clients get everything in its order.
#include "connections.h"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { CLIENTS = 4, ROUNDS = 40, FILE_SIZE = 3000, LARGE = 40000 };

static void serve(int epoll, const int *connections, int file) {
    static char large[LARGE];
    memset(large, 'L', sizeof large);
    for (int round = 0; round < ROUNDS; round++) {
        struct epoll_event events[CLIENTS];
        await(epoll, events, CLIENTS);
        for (int i = 0; i < CLIENTS; i++) {
            int connection = connections[events[i].data.u32];
            char request[16];
            CHECK(recv(connection, request, sizeof request, 0) == 8);
            struct stat status;
            CHECK(!fstat(file, &status) && status.st_size == FILE_SIZE);
            CHECK(!setsockopt(connection, IPPROTO_TCP, TCP_CORK, &(int){1}, sizeof(int)));
            struct iovec parts[3] = {{"<", 1}, {request, 8}, {">", 1}};
            CHECK(writev(connection, parts, 3) == 10);
            off_t offset = 1000;
            CHECK(sendfile(connection, file, &offset, 2000) == 2000 && offset == 3000);
            CHECK(!setsockopt(connection, IPPROTO_TCP, TCP_CORK, &(int){0}, sizeof(int)));
            CHECK(!setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)));
            struct iovec words[2] = {{"se", 2}, {"nt", 2}};
            struct msghdr message = {.msg_iov = words, .msg_iovlen = 2};
            CHECK(round % 2 ? send(connection, "sent", 4, MSG_NOSIGNAL) == 4
                            : sendmsg(connection, &message, 0) == 4);
            if (round % 8 == 7) {
                for (size_t done = 0; done < sizeof large;) {
                    ssize_t size = write(connection, large + done, sizeof large - done);
                    CHECK(size > 0 || errno == EAGAIN);
                    done += size > 0 ? (size_t)size : 0;
                }
            }
            CHECK(recv(connection, request, sizeof request, 0) == -1 && errno == EAGAIN);
            CHECK(write(connection, ".", 1) == 1);
        }
    }
}

static void ask(const struct sockaddr_in *place) {
    int connections[CLIENTS];
    static char answer[10 + 2000 + 4 + LARGE + 1], expected[sizeof answer];
    for (int i = 0; i < CLIENTS; i++) {
        connections[i] = connected(place);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            char request[9];
            snprintf(request, sizeof request, "%03d/%04d", i, round);
            CHECK(write(connections[i], request, 8) == 8);
        }
        for (int i = CLIENTS - 1; i >= 0; i--) {
            size_t large = round % 8 == 7 ? LARGE : 0;
            snprintf(expected, sizeof expected, "<%03d/%04d>", i, round);
            memset(expected + 10, 'f', 2000);
            memcpy(expected + 2010, "sent", 4);
            memset(expected + 2014, 'L', large);
            expected[2014 + large] = '.';
            read_exactly(connections[i], answer, 2015 + large);
            CHECK(!memcmp(answer, expected, 2015 + large));
        }
    }
}

int main(void) {
    struct sockaddr_in place;
    int listener = listening(&place), connections[CLIENTS];
    char content[FILE_SIZE], name[] = "rounds-XXXXXX";
    memset(content, 'f', sizeof content);
    int file = mkstemp(name);
    CHECK(file >= 0 && write(file, content, sizeof content) == sizeof content);
    int again = open(name, O_RDONLY | O_CLOEXEC);
    CHECK(again >= 0 && !unlink(name));
    pid_t child = fork();
    if (!child) {
        ask(&place);
        _exit(0);
    }
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    accept_all(listener, epoll, connections, CLIENTS);
    serve(epoll, connections, again);
    CHECK(wait_status(child) == 0);
    puts("ok");
}
