// A stop and continue without handler does not disturb read, nanosleep, poll, wait and futex.
#include "signals.h"
#include <poll.h>

int main(void) {
    int ends[2], ready[2];
    CHECK(pipe(ends) == 0 && pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        struct pollfd wanted = {.fd = ends[0], .events = POLLIN};
        struct timespec before, after;
        CHECK(write(ready[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 1);
        clock_gettime(CLOCK_MONOTONIC, &before);
        CHECK(write(ready[1], "x", 1) == 1 &&
              nanosleep(&(struct timespec){0, 40000000}, NULL) == 0);
        clock_gettime(CLOCK_MONOTONIC, &after);
        CHECK(after.tv_nsec - before.tv_nsec + (after.tv_sec - before.tv_sec) * 1000000000L >=
              40000000);
        CHECK(write(ready[1], "x", 1) == 1 && poll(&wanted, 1, -1) == 1);
        _exit(8);
    }
    int status;
    char byte;
    for (int i = 0; i < 3; i++) {
        CHECK(read(ready[0], &byte, 1) == 1);
        sleep_ms(3);
        CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
        sleep_ms(3);
        CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, WCONTINUED) == child);
        CHECK(i == 1 || write(ends[1], "x", 1) == 1);
    }
    printf("%d\n", exit_code(child));
}
