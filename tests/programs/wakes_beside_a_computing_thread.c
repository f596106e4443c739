// A server's thread that has several connections ready wakes another through an eventfd, while a
// third one computes: every write says what it wrote.
#include "check.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

static volatile int over;
static volatile unsigned long sum;

static void *compute(void *unused) {
    while (!over)
        for (int i = 0; i < 100000; i++)
            sum += (unsigned long)i * i;
    return unused;
}

int main(void) {
    pthread_t thread;
    int queue = epoll_create1(0), ready[2], wake = eventfd(0, 0);
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = i};
        ready[i] = eventfd(1, 0);
        CHECK(epoll_ctl(queue, EPOLL_CTL_ADD, ready[i], &event) == 0);
    }
    CHECK(pthread_create(&thread, NULL, compute, NULL) == 0);
    for (int i = 0; i < 40; i++) {
        struct epoll_event events[2];
        long one = 1, got = 0;
        usleep(1000);
        CHECK(epoll_wait(queue, events, 2, -1) == 2);
        CHECK(write(wake, &one, sizeof one) == sizeof one);
        CHECK(read(wake, &got, sizeof got) == sizeof got && got == 1);
    }
    over = 1;
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
