// F_SETPIPE_SZ resizes a pipe, and F_GETPIPE_SZ tells the size that then fits without a reader.
#include "check.h"

int main(void) {
    int ends[2];
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    CHECK(fcntl(ends[1], F_GETPIPE_SZ) >= 4096);
    CHECK(fcntl(ends[1], F_SETPIPE_SZ, 16384) == 16384);
    static char bytes[65536];
    CHECK(write(ends[1], bytes, sizeof bytes) == 16384);
    CHECK_FAILS(write(ends[1], bytes, 1), EAGAIN);
    CHECK(fcntl(ends[0], F_GETPIPE_SZ) == 16384);
    CHECK_FAILS(fcntl(ends[1], F_SETPIPE_SZ, 4096), EBUSY);
    puts("ok");
}
