// Terminal requests on a pipe, a file and /dev/null are ENOTTY.
#include "check.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void) {
    int ends[2];
    struct termios settings;
    struct winsize size;
    CHECK(pipe(ends) == 0);
    int fds[] = {ends[0], open("file", O_CREAT | O_RDWR, 0600), open("/dev/null", O_RDWR)};
    for (int i = 0; i < 3; i++) {
        CHECK_FAILS(ioctl(fds[i], TCGETS, &settings), ENOTTY);
        CHECK_FAILS(ioctl(fds[i], TIOCGWINSZ, &size), ENOTTY);
        CHECK_FAILS(tcgetattr(fds[i], &settings), ENOTTY);
        CHECK(!isatty(fds[i]) && errno == ENOTTY && !ttyname(fds[i]));
    }
    CHECK(!isatty(900) && errno == EBADF);
    CHECK_FAILS(ioctl(ends[0], 0x12345678, 0), ENOTTY);
    puts("ok");
}
