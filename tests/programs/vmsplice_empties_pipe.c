// vmsplice of the end of a pipe that is read moves bytes from it into memory.
#include "check.h"

#include <fcntl.h>
#include <sys/uio.h>

int main(void) {
    int ends[2];
    char first[4] = "....", second[8] = "........";
    struct iovec places[] = {{first, sizeof first}, {second, sizeof second}};
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], "abcdefg", 7) == 7);
    first[0] = (char)(long)&ends; // what memory held before means nothing
    CHECK(vmsplice(ends[0], places, 2, 0) == 7);
    CHECK(memcmp(first, "abcd", 4) == 0 && memcmp(second, "efg.....", 8) == 0);
    CHECK(vmsplice(ends[0], places, 2, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
    CHECK(write(1, first, 4) == 4);
    struct iovec from = {first, 2};
    CHECK(vmsplice(ends[1], &from, 1, 0) == 2);
    CHECK(vmsplice(ends[0], places, 1, 0) == 2);
    CHECK(write(1, first, 2) == 2);
    CHECK(vmsplice(99, places, 1, 0) == -1 && errno == EBADF);
    int null = open("/dev/null", O_RDWR);
    CHECK(vmsplice(null, places, 1, 0) == -1 && errno == EBADF);
    CHECK(vmsplice(ends[0], (struct iovec *)8, 1, 0) == -1 && errno == EFAULT);
    return 0;
}
