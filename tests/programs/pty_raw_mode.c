// tcsetattr switches a terminal to raw mode, in which bytes pass as they are.
#include "check.h"
#include <termios.h>

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios old, raw, now;
    CHECK(slave >= 0 && tcgetattr(slave, &old) == 0);
    CHECK((old.c_lflag & ICANON) && (old.c_lflag & ECHO) && old.c_cc[VINTR] == 3);
    raw = old;
    cfmakeraw(&raw);
    CHECK(tcsetattr(slave, TCSANOW, &raw) == 0 && tcgetattr(slave, &now) == 0);
    CHECK(!(now.c_lflag & (ICANON | ECHO | ISIG)) && !(now.c_oflag & OPOST));
    char text[8] = "";
    CHECK(write(master, "\003\n", 2) == 2);
    CHECK(read(slave, text, 1) == 1 && read(slave, text + 1, 1) == 1);
    CHECK(text[0] == 3 && text[1] == '\n');
    CHECK(write(slave, "a\n", 2) == 2 && read(master, text, 1) == 1);
    CHECK(read(master, text + 1, 7) == 1 && text[0] == 'a' && text[1] == '\n');
    CHECK(cfsetspeed(&old, B9600) == 0 && tcsetattr(slave, TCSADRAIN, &old) == 0);
    CHECK(tcgetattr(slave, &now) == 0 && cfgetospeed(&now) == B9600 && (now.c_lflag & ECHO));
    puts("ok");
}
