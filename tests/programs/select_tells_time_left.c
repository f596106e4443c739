// select writes back the time that was left when something became ready.
#include "check.h"
#include <sys/select.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
    }
    fd_set readers;
    FD_ZERO(&readers);
    FD_SET(ends[0], &readers);
    struct timeval limit = {60, 0};
    CHECK(select(ends[0] + 1, &readers, NULL, NULL, &limit) == 1);
    CHECK(limit.tv_sec < 60 && limit.tv_sec >= 30 && limit.tv_usec >= 0);
    CHECK(exit_code(child) == 0);
    puts("ok");
}
