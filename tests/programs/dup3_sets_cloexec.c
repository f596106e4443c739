// dup3 can set close-on-exec and refuses equal descriptors.
#include "check.h"

int main(void) {
    int fd = open("/dev/null", O_RDWR);
    CHECK(dup3(fd, 40, O_CLOEXEC) == 40 && fcntl(40, F_GETFD) == FD_CLOEXEC);
    CHECK(dup3(fd, 41, 0) == 41 && fcntl(41, F_GETFD) == 0);
    CHECK_FAILS(dup3(fd, fd, 0), EINVAL);
    CHECK_FAILS(dup3(fd, 42, O_APPEND), EINVAL);
    CHECK_FAILS(dup3(900, 42, 0), EBADF);
    puts("ok");
}
