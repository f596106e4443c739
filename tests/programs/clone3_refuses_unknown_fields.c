// clone3 takes a longer structure only when what it does not know is zero, and no shorter one.
#include "check.h"
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long clone3(const void *arguments, size_t size) {
    return syscall(SYS_clone3, arguments, size);
}

int main(void) {
    static char page[2 * 4096];
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    memcpy(page, &arguments, sizeof arguments);
    for (size_t size = CLONE_ARGS_SIZE_VER0; size <= 4096; size += 504) {
        long child = clone3(page, size);
        CHECK(child >= 0);
        if (child == 0) {
            _exit(7);
        }
        int status;
        CHECK(waitpid((pid_t)child, &status, 0) == child && WEXITSTATUS(status) == 7);
    }
    CHECK_FAILS(clone3(page, CLONE_ARGS_SIZE_VER0 - 8), EINVAL);
    CHECK_FAILS(clone3(page, 4096 + 8), E2BIG);
    page[sizeof arguments + 3] = 1;
    CHECK_FAILS(clone3(page, sizeof arguments + 8), E2BIG);
    CHECK_FAILS(clone3(page, 4096), E2BIG);
    CHECK_FAILS(clone3(NULL, CLONE_ARGS_SIZE_VER0), EFAULT);
    puts("ok");
}
