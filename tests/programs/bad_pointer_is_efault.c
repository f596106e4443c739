// A pointer the process does not own makes the call fail with EFAULT and end nothing.
#include "check.h"
#include <sys/syscall.h>

int main(void) {
    void *bad = (void *)(uintptr_t)8;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_FAILS(syscall(SYS_write, ends[1], bad, 5L), EFAULT);
    CHECK(write(ends[1], "text", 4) == 4);
    CHECK_FAILS(syscall(SYS_read, ends[0], bad, 4L), EFAULT);
    CHECK_FAILS(syscall(SYS_openat, AT_FDCWD, bad, O_RDONLY), EFAULT);
    CHECK_FAILS(syscall(SYS_pipe2, bad, 0), EFAULT);
    CHECK_FAILS(syscall(SYS_stat, ".", bad), EFAULT);
    CHECK_FAILS(syscall(SYS_access, bad, 0), EFAULT);
    CHECK_FAILS(syscall(SYS_uname, bad), EFAULT);
    puts("ok");
}
