// A non-blocking pipe gives EAGAIN when empty and when full, and writes what fits.
#include "check.h"

int main(void) {
    int ends[2];
    char bytes[4096] = {0};
    CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    CHECK((fcntl(ends[0], F_GETFL) & O_NONBLOCK) && fcntl(ends[1], F_GETFD) == FD_CLOEXEC);
    CHECK_FAILS(read(ends[0], bytes, 1), EAGAIN);
    int capacity = fcntl(ends[1], F_GETPIPE_SZ), total = 0;
    for (ssize_t count; (count = write(ends[1], bytes, sizeof bytes)) > 0;)
        total += (int)count;
    CHECK(errno == EAGAIN && total == capacity);
    CHECK(read(ends[0], bytes, sizeof bytes) == sizeof bytes);
    CHECK(write(ends[1], bytes, sizeof bytes) == sizeof bytes);
    CHECK(close(ends[1]) == 0);
    while (total > 0)
        total -= (int)read(ends[0], bytes, sizeof bytes);
    CHECK(total == 0 && read(ends[0], bytes, 1) == 0);
    puts("ok");
}
