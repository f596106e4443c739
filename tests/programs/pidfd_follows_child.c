// A pidfd is readable when its process has ended and serves waitid; without it waitpid does.
#include "check.h"
#include <poll.h>
#include <sys/syscall.h>

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        _exit(12);
    }
    int fd = (int)syscall(SYS_pidfd_open, child, 0);
    if (fd >= 0) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN};
        CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && poll(&wanted, 1, 0) == 0);
        CHECK(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0);
        CHECK(write(ends[1], "x", 1) == 1);
        CHECK(poll(&wanted, 1, -1) == 1 && (wanted.revents & POLLIN));
        siginfo_t info = {0};
        CHECK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
        CHECK(info.si_pid == child && info.si_status == 12);
        CHECK_FAILS(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
    } else {
        CHECK(errno == ENOSYS && write(ends[1], "x", 1) == 1 && exit_code(child) == 12);
    }
    puts("ok");
}
