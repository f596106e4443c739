// poll without anything ready returns 0 after its time and not before.
#include "check.h"
#include <poll.h>
#include <time.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct pollfd wanted = {.fd = ends[0], .events = POLLIN, .revents = POLLERR};
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK(poll(&wanted, 1, 20) == 0 && wanted.revents == 0);
    CHECK(poll(NULL, 0, 10) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 29);
    CHECK(poll(&wanted, 1, 0) == 0);
    puts("ok");
}
