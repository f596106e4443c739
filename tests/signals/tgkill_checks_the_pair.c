// tgkill sends to one thread of one process; a pair that does not belong together is ESRCH.
#include "signals.h"
#include <sys/syscall.h>

int main(void) {
    on(SIGUSR2, count, 0);
    CHECK(syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2) == 0 && counted == 1);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK_FAILS(syscall(SYS_tgkill, getpid(), child, SIGUSR2), ESRCH);
    CHECK_FAILS(syscall(SYS_tgkill, -1, gettid(), SIGUSR2), EINVAL);
    CHECK(syscall(SYS_tkill, gettid(), SIGUSR2) == 0 && counted == 2);
    CHECK(syscall(SYS_tgkill, child, child, SIGTERM) == 0 && ended_by(child) == SIGTERM);
    puts("ok");
}
