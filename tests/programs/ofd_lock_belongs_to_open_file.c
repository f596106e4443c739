// An open file description lock conflicts between two opens of one process.
#include "check.h"

int main(void) {
    int one = open("file", O_CREAT | O_RDWR, 0600), two = open("file", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(one, F_OFD_SETLK, &lock) == 0);
    CHECK_FAILS(fcntl(two, F_OFD_SETLK, &lock), EAGAIN);
    struct flock seen = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(two, F_OFD_GETLK, &seen) == 0);
    CHECK(seen.l_type == F_WRLCK && seen.l_pid == -1);
    CHECK(close(one) == 0);
    CHECK(fcntl(two, F_OFD_SETLK, &lock) == 0);
    puts("ok");
}
