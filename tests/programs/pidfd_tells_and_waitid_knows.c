// When a pidfd is readable, waitid without waiting knows how the child ended.
#include "check.h"
#include <poll.h>
#include <sys/syscall.h>

enum { ROUNDS = 60, BY_PIDFD = 3 };

int main(void) {
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child = fork();
        if (!child) {
            if (round % 3 == 0)
                raise(SIGTRAP);
            _exit(round);
        }
        int descriptor = (int)syscall(SYS_pidfd_open, child, 0);
        struct pollfd ready = {descriptor, POLLIN, 0};
        CHECK(descriptor >= 0 && poll(&ready, 1, -1) == 1 && ready.revents == POLLIN);
        siginfo_t info = {0};
        CHECK(waitid((idtype_t)BY_PIDFD, (id_t)descriptor, &info, WEXITED | WNOHANG) == 0);
        CHECK(info.si_pid == child && info.si_signo == SIGCHLD);
        if (round % 3 == 0)
            CHECK(info.si_status == SIGTRAP && info.si_code != CLD_EXITED);
        else
            CHECK(info.si_status == round && info.si_code == CLD_EXITED);
        CHECK_FAILS(waitid((idtype_t)BY_PIDFD, (id_t)descriptor, &info, WEXITED | WNOHANG), ECHILD);
        close(descriptor);
    }
    puts("ok");
    return 0;
}
