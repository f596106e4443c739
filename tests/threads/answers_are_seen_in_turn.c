// Threads wait in calls that write memory, and another one looks at that memory while it goes on:
// what it sees between its own calls is printed.
#define _GNU_SOURCE
#include "seen.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { ROUNDS = 20, LOOKS = 300, SIZE = 5000, WAYS = 8 };

static volatile char watched[WAYS][SIZE];
static int ends[WAYS][2];

static void *wait_for_bytes(void *argument) {
    int way = (int)(long)argument;
    char *place = (char *)watched[way];
    char address[128];
    struct iovec vectors[2] = {{place, 3}, {place + 3, SIZE - 3}};
    struct msghdr header = {
        .msg_iov = vectors, .msg_iovlen = 2, .msg_name = address, .msg_namelen = sizeof address};
    struct mmsghdr headers[2] = {{.msg_hdr = header}, {.msg_hdr = header}};
    struct pollfd *polled = (struct pollfd *)place;
    struct epoll_event event = {EPOLLIN, {.u64 = 0x0101010101010101}};
    socklen_t length = sizeof address;
    int instance, number = ends[way][0];
    switch (way) {
    case 0:
        CHECK(read(number, place, SIZE) == SIZE);
        break;
    case 1:
        CHECK(readv(number, vectors, 2) == SIZE);
        break;
    case 2:
        CHECK(recvfrom(number, place, SIZE, MSG_WAITALL, (void *)address, &length) == SIZE);
        break;
    case 3:
        CHECK(recvmsg(number, &header, MSG_WAITALL) == SIZE && !header.msg_namelen);
        break;
    case 4:
        CHECK(recvmmsg(number, headers, 2, MSG_WAITFORONE, NULL) >= 1);
        CHECK(headers[0].msg_len == SIZE && !(headers[0].msg_hdr.msg_flags & MSG_TRUNC));
        break;
    case 5:
        *polled = (struct pollfd){number, POLLIN, 0};
        CHECK(poll(polled, 1, -1) == 1 && polled->revents == POLLIN && polled->fd == number);
        break;
    case 6:
        instance = epoll_create1(0);
        CHECK(!epoll_ctl(instance, EPOLL_CTL_ADD, number, &event));
        CHECK(epoll_wait(instance, (struct epoll_event *)place, SIZE / sizeof event, -1) == 1);
        CHECK(((struct epoll_event *)place)->data.u64 == event.data.u64);
        close(instance);
        break;
    case 7:
        FD_SET(number, (fd_set *)place);
        CHECK(select(number + 1, (fd_set *)place, NULL, NULL, NULL) == 1);
        CHECK(FD_ISSET(number, (fd_set *)place));
        break;
    }
    return NULL;
}

int main(void) {
    char bytes[SIZE];
    memset(bytes, 1, sizeof bytes);
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[WAYS];
        for (long way = 0; way < WAYS; way++) {
            memset((void *)watched[way], 0, SIZE);
            int type = way == 4 ? SOCK_DGRAM : SOCK_STREAM;
            CHECK(way ? !socketpair(AF_UNIX, type, 0, ends[way]) : !pipe(ends[way]));
            CHECK(!pthread_create(&threads[way], NULL, wait_for_bytes, (void *)way));
        }
        usleep(1000);
        for (int way = 0; way < WAYS; way++) {
            CHECK(write(ends[way][1], bytes, SIZE) == SIZE);
        }
        int last = 0;
        for (int look = 0; look < LOOKS; look++) {
            int sum = 0;
            for (int way = 0; way < WAYS; way++) {
                for (int i = 0; i < 16; i++) {
                    sum += watched[way][i];
                }
            }
            if (sum != last) {
                printf("%d: %d\n", look, sum);
                last = sum;
            }
            getppid();
        }
        for (int way = 0; way < WAYS; way++) {
            CHECK(!pthread_join(threads[way], NULL));
            close(ends[way][0]);
            close(ends[way][1]);
            CHECK(way > 4 || !memcmp((void *)watched[way], bytes, SIZE));
        }
        puts("all are back");
    }
}
