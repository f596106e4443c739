// /dev/null swallows and ends, /dev/zero gives zeros, /dev/full is full.
#include "check.h"

int main(void) {
    char bytes[64];
    memset(bytes, 1, sizeof bytes);
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
    int full = open("/dev/full", O_RDWR);
    CHECK(null >= 0 && zero >= 0 && full >= 0);
    CHECK(write(null, bytes, sizeof bytes) == sizeof bytes && read(null, bytes, 1) == 0);
    CHECK(read(zero, bytes, sizeof bytes) == sizeof bytes);
    for (unsigned i = 0; i < sizeof bytes; i++)
        CHECK(bytes[i] == 0);
    CHECK_FAILS(write(full, bytes, 1), ENOSPC);
    struct stat info;
    CHECK(fstat(null, &info) == 0 && S_ISCHR(info.st_mode));
    puts("ok");
}
