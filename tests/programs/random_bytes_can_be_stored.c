// What getrandom gives is what a file then holds, and two answers differ.
#include "check.h"
#include <sys/random.h>

int main(void) {
    unsigned char one[256], two[256], seen[256];
    CHECK(getrandom(one, sizeof one, 0) == sizeof one);
    CHECK(getrandom(two, sizeof two, GRND_NONBLOCK) == sizeof two);
    CHECK(memcmp(one, two, sizeof one) != 0);
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, one, sizeof one) == sizeof one);
    CHECK(pread(fd, seen, sizeof seen, 0) == sizeof seen && memcmp(one, seen, sizeof one) == 0);
    CHECK(getentropy(two, sizeof two) == 0 && memcmp(one, two, sizeof one) != 0);
    CHECK_FAILS(getrandom(one, sizeof one, 0xff00), EINVAL);
    puts("ok");
}
