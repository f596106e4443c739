// Connections over the loopback device for the programs of this folder.
#ifndef CONNECTIONS_H
#define CONNECTIONS_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

// A socket that listens at a free port of 127.0.0.1, and where that is.
__attribute__((unused)) static int listening(struct sockaddr_in *place) {
    socklen_t size = sizeof *place;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *place = (struct sockaddr_in){.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(listener >= 0 && !bind(listener, (struct sockaddr *)place, sizeof *place));
    CHECK(!getsockname(listener, (struct sockaddr *)place, &size) && !listen(listener, 16));
    return listener;
}

__attribute__((unused)) static int connected(const struct sockaddr_in *place) {
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connection >= 0);
    CHECK(!connect(connection, (const struct sockaddr *)place, sizeof *place));
    return connection;
}

// Accept connections; each is watched, with its index.
__attribute__((unused)) static void accept_all(int listener, int epoll, int *found, int count) {
    for (int i = 0; i < count; i++) {
        found[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        CHECK(found[i] >= 0 && !epoll_ctl(epoll, EPOLL_CTL_ADD, found[i], &event));
    }
}

// Wait until so many of them can be read.
__attribute__((unused)) static void await(int epoll, struct epoll_event *events, int count) {
    int ready = 0;
    while (ready < count) {
        ready = epoll_wait(epoll, events, count, 10000);
        CHECK(ready > 0);
        usleep(ready < count ? 1000 : 0);
    }
}

__attribute__((unused)) static void read_exactly(int from, void *to, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t size = read(from, (char *)to + done, count - done);
        CHECK(size > 0);
        done += (size_t)size;
    }
}

#endif
