// Every connection's event carries the address of its state, in memory of all kinds.
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

struct connection {
    int number, ends[2];
};

static struct connection in_image;

int main(void) {
    struct connection on_stack, *all[] = {
        &in_image, &on_stack, malloc(sizeof on_stack), malloc(1 << 20),
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
    };
    int set = epoll_create1(0), count = sizeof all / sizeof *all;
    for (int i = 0; i < count; i++) {
        all[i]->number = i;
        if (pipe(all[i]->ends))
            return 1;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = all[i]};
        epoll_ctl(set, EPOLL_CTL_ADD, all[i]->ends[0], &event);
    }
    for (int round = 0; round < 50; round++) {
        for (int i = round % 3; i < count; i += 1 + round % 2)
            if (write(all[i]->ends[1], &i, sizeof i) < 0)
                return 1;
        struct epoll_event events[3];
        for (int ready; (ready = epoll_wait(set, events, 3, 0)) > 0;)
            for (int i = 0; i < ready; i++) {
                struct connection *connection = events[i].data.ptr;
                int value;
                if (read(connection->ends[0], &value, sizeof value) > 0)
                    printf("%d %d\n", connection->number, value);
            }
    }
    return 0;
}
