// select leaves only ready descriptors in its sets and counts them.
#include "check.h"
#include <sys/select.h>

int main(void) {
    int one[2], two[2];
    CHECK(pipe(one) == 0 && pipe(two) == 0);
    CHECK(write(two[1], "x", 1) == 1);
    fd_set readers, writers;
    FD_ZERO(&readers);
    FD_ZERO(&writers);
    FD_SET(one[0], &readers);
    FD_SET(two[0], &readers);
    FD_SET(one[1], &writers);
    CHECK(select(two[1] + 1, &readers, &writers, NULL, NULL) == 2);
    CHECK(!FD_ISSET(one[0], &readers) && FD_ISSET(two[0], &readers) && FD_ISSET(one[1], &writers));
    FD_ZERO(&readers);
    FD_SET(one[0], &readers);
    struct timeval limit = {0, 20000};
    CHECK(select(one[0] + 1, &readers, NULL, NULL, &limit) == 0);
    CHECK(!FD_ISSET(one[0], &readers) && limit.tv_sec == 0 && limit.tv_usec == 0);
    CHECK(close(two[0]) == 0);
    FD_SET(two[0], &readers);
    CHECK_FAILS(select(two[0] + 1, &readers, NULL, NULL, &limit), EBADF);
    puts("ok");
}
