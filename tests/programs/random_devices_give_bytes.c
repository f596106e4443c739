// /dev/urandom and /dev/random give bytes that differ from read to read.
#include "check.h"
#include <sys/auxv.h>

int main(void) {
    const char *names[] = {"/dev/urandom", "/dev/random"};
    for (int i = 0; i < 2; i++) {
        unsigned char one[64], two[64];
        int fd = open(names[i], O_RDONLY);
        CHECK(fd >= 0 && read(fd, one, sizeof one) == sizeof one);
        CHECK(read(fd, two, sizeof two) == sizeof two && memcmp(one, two, sizeof one) != 0);
    }
    const unsigned char *seed = (const unsigned char *)getauxval(AT_RANDOM);
    int sum = 0;
    for (int i = 0; i < 16; i++)
        sum |= seed[i];
    CHECK(sum != 0);
    puts("ok");
}
