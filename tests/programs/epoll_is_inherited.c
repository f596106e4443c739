// A child waits on the epoll set it inherited and gets the data its parent stored.
#include "check.h"
#include <sys/epoll.h>

int main(void) {
    int set = epoll_create1(0), ends[2];
    CHECK(pipe(ends) == 0);
    char *word = strdup("stored by the parent");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = word}, ready;
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(epoll_wait(set, &ready, 1, -1) == 1 && ready.data.ptr == word);
        char byte;
        CHECK(strcmp(ready.data.ptr, "stored by the parent") == 0);
        CHECK(read(ends[0], &byte, 1) == 1);
        event.data.ptr = word + 14;
        CHECK(epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event) == 0);
        _exit(0);
    }
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(exit_code(child) == 0 && epoll_wait(set, &ready, 1, 0) == 0);
    CHECK(write(ends[1], "y", 1) == 1 && epoll_wait(set, &ready, 1, -1) == 1);
    puts(ready.data.ptr);
    free(word);
}
