// kcmp tells whether two processes have a file, a memory or a table of files in common.
#include "check.h"
#include <linux/kcmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long differs(pid_t one, pid_t other, int type, unsigned long first, unsigned long second) {
    return syscall(SYS_kcmp, one, other, type, first, second) != 0;
}

int main(void) {
    int ends[2], same;
    CHECK(pipe(ends) == 0 && (same = dup(ends[0])) >= 0);
    pid_t own = getpid(), child = fork();
    if (child == 0) {
        pause();
    }
    CHECK(!differs(own, own, KCMP_FILE, ends[0], same));
    CHECK(differs(own, own, KCMP_FILE, ends[0], ends[1]));
    CHECK(!differs(own, child, KCMP_FILE, ends[1], ends[1]));
    CHECK(!differs(own, own, KCMP_VM, 0, 0));
    CHECK(differs(own, child, KCMP_VM, 0, 0));
    CHECK(differs(own, child, KCMP_FILES, 0, 0));
    CHECK_FAILS(syscall(SYS_kcmp, own, child, KCMP_TYPES + 1, 0, 0), EINVAL);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    puts("ok");
}
