// epoll gives back the pointer stored with each descriptor.
#include "check.h"
#include <sys/epoll.h>

struct source {
    int ends[2];
    const char *name;
};

int main(void) {
    struct source *sources[3];
    const char *names[] = {"left", "middle", "right"};
    int set = epoll_create1(EPOLL_CLOEXEC);
    CHECK(set >= 0 && fcntl(set, F_GETFD) == FD_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        CHECK((sources[i] = malloc(sizeof *sources[i])) && pipe(sources[i]->ends) == 0);
        sources[i]->name = names[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = sources[i]};
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, sources[i]->ends[0], &event) == 0);
    }
    struct epoll_event ready[8];
    CHECK(epoll_wait(set, ready, 8, 0) == 0);
    for (int i = 2; i >= 0; i--) {
        char byte;
        CHECK(write(sources[i]->ends[1], "x", 1) == 1);
        CHECK(epoll_wait(set, ready, 8, -1) == 1 && ready[0].events == EPOLLIN);
        struct source *source = ready[0].data.ptr;
        CHECK(source == sources[i] && read(source->ends[0], &byte, 1) == 1);
        puts(source->name);
    }
}
