// FIONREAD, FIONBIO, FIOCLEX and FIONCLEX on pipes and sockets.
#include "check.h"
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(void) {
    int ends[2], pair[2], count = -1, on = 1, off = 0;
    char text[16];
    CHECK(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(ioctl(ends[0], FIONREAD, &count) == 0 && count == 0);
    CHECK(write(ends[1], "12345", 5) == 5 && write(pair[1], "123", 3) == 3);
    CHECK(ioctl(ends[0], FIONREAD, &count) == 0 && count == 5);
    CHECK(ioctl(pair[0], FIONREAD, &count) == 0 && count == 3);
    CHECK(read(pair[0], text, sizeof text) == 3);
    CHECK(ioctl(pair[0], FIONBIO, &on) == 0 && (fcntl(pair[0], F_GETFL) & O_NONBLOCK));
    CHECK_FAILS(read(pair[0], text, 1), EAGAIN);
    CHECK(ioctl(pair[0], FIONBIO, &off) == 0 && !(fcntl(pair[0], F_GETFL) & O_NONBLOCK));
    CHECK(ioctl(ends[0], FIOCLEX) == 0 && fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
    CHECK(ioctl(ends[0], FIONCLEX) == 0 && fcntl(ends[0], F_GETFD) == 0);
    CHECK_FAILS(ioctl(900, FIONREAD, &count), EBADF);
    puts("ok");
}
