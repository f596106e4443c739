// A poll without limit wakes when another process writes, and again when it is gone.
#include "check.h"
#include <poll.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(10000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    CHECK(close(ends[1]) == 0);
    struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
    CHECK(poll(&wanted, 1, -1) == 1 && (wanted.revents & POLLIN));
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x');
    CHECK(poll(&wanted, 1, -1) == 1 && wanted.revents == POLLHUP);
    CHECK(exit_code(child) == 0);
    puts("ok");
}
