// /dev/tty opens only with a controlling terminal; a new session has none.
#include "check.h"

int main(void) {
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY);
    CHECK(fd >= 0 || errno == ENXIO || errno == ENOENT || errno == EACCES || errno == EPERM);
    pid_t child = fork();
    if (child == 0) {
        CHECK(setsid() == getpid());
        CHECK(open("/dev/tty", O_RDWR | O_NOCTTY) == -1 && (errno == ENXIO || errno == ENOENT));
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
