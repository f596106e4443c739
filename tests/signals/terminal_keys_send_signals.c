// Ctrl-C, Ctrl-\ and Ctrl-Z on a terminal reach the foreground group; a resize sends SIGWINCH.
#include "signals.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void) {
    int master = posix_openpt(O_RDWR | O_NOCTTY), out[2];
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 && pipe(out) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(setsid() == getpid() && open(ptsname(master), O_RDWR) >= 0 && close(master) == 0);
        int numbers[] = {SIGINT, SIGQUIT, SIGTSTP, SIGWINCH, SIGHUP}, number;
        sigset_t set;
        sigemptyset(&set);
        for (int i = 0; i < 5; i++)
            sigaddset(&set, numbers[i]);
        CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && write(out[1], "", 1) == 1);
        do {
            CHECK(sigwait(&set, &number) == 0);
            CHECK(write(out[1], &number, 1) == 1);
        } while (number != SIGHUP);
        _exit(0);
    }
    char number;
    CHECK(read(out[0], &number, 1) == 1);
    for (const char *key = "\003\034\032"; *key; key++) {
        CHECK(write(master, key, 1) == 1 && read(out[0], &number, 1) == 1);
        printf("%d ", number);
    }
    struct winsize size = {.ws_row = 11, .ws_col = 22};
    CHECK(ioctl(master, TIOCSWINSZ, &size) == 0 && read(out[0], &number, 1) == 1);
    printf("%d ", number);
    CHECK(close(master) == 0 && read(out[0], &number, 1) == 1);
    printf("%d\n", number);
    CHECK(exit_code(child) == 0);
}
