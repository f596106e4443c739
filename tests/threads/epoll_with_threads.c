// Several threads wait at one epoll descriptor; each event goes to one of them (EPOLLONESHOT).
#include "seen.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { EVENTS = 6, ROUNDS = 10 };
static int epoll, descriptors[EVENTS], handled, stop;

static void *work(void *argument) {
    for (;;) {
        struct epoll_event event;
        int count = epoll_wait(epoll, &event, 1, -1);
        CHECK(count == 1);
        uint64_t value;
        if (event.data.u32 == EVENTS)
            return NULL;
        CHECK(read(descriptors[event.data.u32], &value, sizeof value) == sizeof value);
        note('a' + number(argument));
        __atomic_add_fetch(&handled, (int)value, __ATOMIC_SEQ_CST);
        event.events = EPOLLIN | EPOLLONESHOT;
        CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, descriptors[event.data.u32], &event) == 0);
    }
}

int main(void) {
    pthread_t threads[3];
    CHECK((epoll = epoll_create1(0)) >= 0);
    for (unsigned i = 0; i < EVENTS; i++) {
        struct epoll_event event = {EPOLLIN | EPOLLONESHOT, {.u32 = i}};
        CHECK((descriptors[i] = eventfd(0, 0)) >= 0);
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptors[i], &event) == 0);
    }
    CHECK((stop = eventfd(0, 0)) >= 0);
    struct epoll_event event = {EPOLLIN, {.u32 = EVENTS}};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, stop, &event) == 0);
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    uint64_t one = 1;
    for (int i = 0; i < EVENTS * ROUNDS; i++) {
        CHECK(write(descriptors[i % EVENTS], &one, sizeof one) == sizeof one);
        if (i % 10 == 9)
            usleep(200);
    }
    while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) < EVENTS * ROUNDS)
        usleep(100);
    CHECK(write(stop, &one, sizeof one) == sizeof one);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    show_seen();
}
