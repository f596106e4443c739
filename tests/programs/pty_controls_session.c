// A session with a controlling terminal has /dev/tty, and Ctrl-C on the master is SIGINT there.
#include "check.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY), ready[2];
    CHECK(master >= 0 && unlockpt(master) == 0 && pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        sigset_t set;
        int number;
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && signal(SIGINT, SIG_DFL) != SIG_ERR);
        CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR && setsid() == getpid());
        int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
        CHECK(slave >= 0 && ioctl(slave, TIOCSCTTY, 0) == 0);
        int terminal = open("/dev/tty", O_RDWR);
        CHECK(terminal >= 0 && isatty(terminal) && tcgetpgrp(terminal) == getpid());
        CHECK(tcgetsid(slave) == getpid() && tcsetpgrp(slave, getpgrp()) == 0);
        CHECK(write(ready[1], "x", 1) == 1);
        CHECK(sigwait(&set, &number) == 0 && number == SIGINT);
        _exit(23);
    }
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1 && write(master, "\003", 1) == 1);
    printf("%d\n", exit_code(child));
}
