// A SIGCHLD that nobody handles neither ends a wait nor cuts a transfer short.
#include "check.h"
#include <sys/epoll.h>

static void children_end_soon(int count) {
    for (int i = 1; i <= count; i++) {
        if (fork() == 0) {
            usleep(10000 * i);
            _exit(0);
        }
    }
}

int main(void) {
    static char bytes[1 << 20];
    int epoll = epoll_create1(0), ends[2];
    struct epoll_event event;
    children_end_soon(3);
    CHECK(epoll_wait(epoll, &event, 1, 60) == 0);
    CHECK(pipe(ends) == 0);
    if (fork() == 0) {
        close(ends[1]);
        usleep(60000);
        long got = 0;
        for (ssize_t part; (part = read(ends[0], bytes, sizeof bytes)) > 0;) got += part;
        _exit(got != sizeof bytes);
    }
    close(ends[0]);
    children_end_soon(3);
    CHECK(write(ends[1], bytes, sizeof bytes) == sizeof bytes);
    close(ends[1]);
    for (int status; wait(&status) > 0;) CHECK(status == 0);
    puts("undisturbed");
}
