// The window size set on one side of a pseudo terminal is the other side's.
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY), number = -1;
    CHECK(master >= 0 && unlockpt(master) == 0 && ioctl(master, TIOCGPTN, &number) == 0);
    CHECK(number >= 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct winsize size = {1, 1, 1, 1}, wanted = {.ws_row = 33, .ws_col = 111};
    CHECK(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 0 && size.ws_col == 0);
    CHECK(ioctl(slave, TIOCSWINSZ, &wanted) == 0);
    CHECK(ioctl(master, TIOCGWINSZ, &size) == 0);
    printf("%d x %d\n", size.ws_row, size.ws_col);
    int waiting = -1;
    struct pollfd line = {.fd = slave, .events = POLLIN};
    CHECK(write(master, "abc\n", 4) == 4 && poll(&line, 1, -1) == 1);
    CHECK(ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 4);
    CHECK(tcflush(slave, TCIFLUSH) == 0 && ioctl(slave, FIONREAD, &waiting) == 0 && waiting == 0);
}
