// dup2 closes its target; onto itself it does nothing; a bad source leaves the target open.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    int null = open("/dev/null", O_RDWR);
    CHECK(dup2(ends[1], ends[1]) == ends[1]);
    CHECK_FAILS(dup2(900, ends[1]), EBADF);
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(dup2(null, ends[1]) == ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x');
    CHECK(read(ends[0], &byte, 1) == 0); // the last writer was closed by dup2
    CHECK_FAILS(dup2(null, -1), EBADF);
    puts("ok");
}
