// setns to what is no namespace, or another kind of one, says so.
#include "check.h"
#include <sched.h>
#include <sys/syscall.h>

int main(void) {
    static const int types[] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWUSER};
    int file = open("file", O_CREAT | O_RDWR, 0600), own = syscall(SYS_pidfd_open, getpid(), 0);
    int names = open("/proc/self/ns/uts", O_RDONLY), processes = open("/proc/self/ns/pid", O_RDONLY);
    CHECK(file >= 0 && own >= 0 && names >= 0 && processes >= 0);
    for (unsigned i = 0; i < sizeof types / sizeof types[0]; i++) {
        CHECK_FAILS(setns(-1, types[i]), EBADF);
        CHECK_FAILS(setns(file, types[i]), EINVAL);
        CHECK_FAILS(setns(types[i] == CLONE_NEWPID ? names : processes, types[i]), EINVAL);
    }
    CHECK_FAILS(setns(-1, 0), EBADF);
    CHECK_FAILS(setns(file, 0), EINVAL);
    CHECK_FAILS(setns(own, 0), EINVAL);
    printf("%d\n", setns(names, 0));
    puts("ok");
}
