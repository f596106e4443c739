// F_DUPFD takes the lowest number not below the one given; F_DUPFD_CLOEXEC also marks it.
#include "check.h"

int main(void) {
    int fd = open("/dev/null", O_RDWR);
    CHECK(fcntl(fd, F_DUPFD, 100) == 100);
    CHECK(fcntl(fd, F_DUPFD, 100) == 101);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 99) == 99);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 99) == 102);
    CHECK(fcntl(100, F_GETFD) == 0 && fcntl(99, F_GETFD) == FD_CLOEXEC);
    CHECK_FAILS(fcntl(fd, F_DUPFD, -1), EINVAL);
    CHECK_FAILS(fcntl(900, F_DUPFD, 0), EBADF);
    puts("ok");
}
