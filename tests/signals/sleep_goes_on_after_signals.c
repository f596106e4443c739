// A loop over nanosleep's remainder sleeps the whole time, however often it is interrupted.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, 0);
    alarm_us(3000, 3000);
    struct timespec before, after, left = {0, 50000000};
    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0);
    while (nanosleep(&left, &left) == -1)
        CHECK(errno == EINTR);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    alarm_us(0, 0);
    CHECK(after.tv_nsec - before.tv_nsec + (after.tv_sec - before.tv_sec) * 1000000000L >=
          50000000);
    CHECK(counted >= 1);
    puts("ok");
}
