// dup and open always take the lowest free descriptor.
#include "check.h"

int main(void) {
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    int first = open("/dev/null", O_RDONLY);
    int second = dup(first), third = dup(first);
    CHECK(second == first + 1 && third == first + 2);
    CHECK(close(second) == 0);
    CHECK(open("/dev/zero", O_RDONLY) == second);
    CHECK(close(first) == 0 && close(third) == 0);
    CHECK(dup(second) == first);
    CHECK_FAILS(dup(third), EBADF);
    printf("%d\n", first);
}
