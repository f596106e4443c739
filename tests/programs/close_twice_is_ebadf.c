// A closed descriptor is dead for every call.
#include "check.h"
#include <poll.h>
#include <sys/uio.h>

int main(void) {
    int fd = open("/dev/null", O_RDWR);
    CHECK(close(fd) == 0);
    CHECK_FAILS(close(fd), EBADF);
    CHECK_FAILS(close(-1), EBADF);
    char byte = 0;
    struct stat info;
    struct iovec piece = {&byte, 1};
    CHECK_FAILS(read(fd, &byte, 1), EBADF);
    CHECK_FAILS(writev(fd, &piece, 1), EBADF);
    CHECK_FAILS(fstat(fd, &info), EBADF);
    CHECK_FAILS(fcntl(fd, F_GETFL), EBADF);
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    CHECK(poll(&wanted, 1, 0) == 1 && wanted.revents == POLLNVAL);
    puts("ok");
}
