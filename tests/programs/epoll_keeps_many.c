// Hundreds of descriptors in two sets, added, changed and closed over and over: each event has the
// data that was stored for its descriptor last.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { MANY = 300, ROUNDS = 12 };

static struct object { int number, set; } objects[2 * MANY];

int main(void) {
    int sets[2] = {epoll_create1(0), epoll_create1(0)};
    unsigned total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 2 * MANY; i++) {
            struct object *object = &objects[(i * 7 + round * 13) % (2 * MANY)];
            object->set = i % 2;
            object->number = eventfd(1, 0);
            CHECK(object->number >= 0);
            struct epoll_event event = {.events = EPOLLIN, .data.ptr = object};
            CHECK(epoll_ctl(sets[i % 2], EPOLL_CTL_ADD, object->number, &event) == 0);
        }
        for (int set = 0; set < 2; set++) {
            struct epoll_event ready[MANY];
            CHECK(epoll_wait(sets[set], ready, MANY, 0) == MANY);
            for (int i = 0; i < MANY; i++) {
                struct object *object = ready[i].data.ptr;
                CHECK(object >= objects && object < objects + 2 * MANY && object->set == set);
                total += (unsigned)object->number;
                CHECK(close(object->number) == 0);
                object->set = 2;
            }
        }
        CHECK(close(sets[round % 2]) == 0);
        sets[round % 2] = epoll_create1(0);
    }
    printf("%u\n", total);
}
