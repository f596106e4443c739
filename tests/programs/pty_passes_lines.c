// A pseudo terminal passes lines both ways, echoes, and erases.
#include "check.h"
#include <termios.h>

static int master, slave;

static void expect(int fd, const char *wanted) {
    char text[64] = "";
    size_t length = strlen(wanted);
    for (size_t got = 0; got < length;) {
        ssize_t count = read(fd, text + got, length - got);
        CHECK(count > 0);
        got += (size_t)count;
    }
    CHECK(strcmp(text, wanted) == 0);
}

int main(void) {
    master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK(slave >= 0 && isatty(slave) && strcmp(ttyname(slave), ptsname(master)) == 0);
    CHECK(write(master, "hello\n", 6) == 6);
    expect(slave, "hello\n");
    expect(master, "hello\r\n"); // the echo
    CHECK(write(master, "abx\177c\n", 6) == 6);
    expect(slave, "abc\n");
    expect(master, "abx\b \bc\r\n");
    CHECK(write(slave, "out\n", 4) == 4);
    expect(master, "out\r\n");
    CHECK(close(slave) == 0);
    char byte;
    CHECK_FAILS(read(master, &byte, 1), EIO);
    puts("ok");
}
