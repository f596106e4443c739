// On a terminal, a background process that reads is stopped by SIGTTIN, one that may not write by
// SIGTTOU; in the foreground each goes on.
#include "signals.h"
#include <sys/ioctl.h>
#include <termios.h>

static int session(const char *name) {
    CHECK(setsid() == getpid());
    int terminal = open(name, O_RDWR);
    struct termios modes;
    CHECK(terminal >= 0 && tcgetattr(terminal, &modes) == 0);
    modes.c_lflag |= TOSTOP;
    CHECK(tcsetattr(terminal, TCSANOW, &modes) == 0 && signal(SIGTTOU, SIG_IGN) != SIG_ERR);
    pid_t child = fork();
    if (child == 0) {
        char line[8];
        CHECK(setpgid(0, 0) == 0 && signal(SIGTTOU, SIG_DFL) != SIG_ERR);
        CHECK(read(terminal, line, sizeof line) == 3 && memcmp(line, "hi\n", 3) == 0);
        _exit(write(terminal, "yo\n", 3) == 3 ? 30 : 31);
    }
    int status;
    (void)setpgid(child, child);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(WSTOPSIG(status) == SIGTTIN && tcsetpgrp(terminal, child) == 0);
    CHECK(kill(-child, SIGCONT) == 0);
    status = exit_code(child);
    CHECK(tcsetpgrp(terminal, getpgrp()) == 0);
    child = fork();
    if (child == 0) {
        CHECK(setpgid(0, 0) == 0 && signal(SIGTTOU, SIG_DFL) != SIG_ERR);
        _exit(write(terminal, "no\n", 3) == 3 ? 32 : 33);
    }
    int stopped;
    (void)setpgid(child, child);
    CHECK(waitpid(child, &stopped, WUNTRACED) == child && WIFSTOPPED(stopped));
    CHECK(WSTOPSIG(stopped) == SIGTTOU && kill(child, SIGKILL) == 0);
    CHECK(ended_by(child) == SIGKILL);
    return status;
}

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    CHECK(write(master, "hi\n", 3) == 3);
    pid_t child = fork();
    if (child == 0)
        _exit(session(ptsname(master)));
    printf("%d\n", exit_code(child));
}
