// A vfork child borrows the memory until it leaves by exec or _exit.
#include "check.h"

int main(void) {
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
        _exit(127);
    }
    CHECK(exit_code(child) == 6);
    volatile int shared = 1;
    child = vfork();
    if (child == 0) {
        shared = 2;
        _exit(3);
    }
    CHECK(child > 0 && exit_code(child) == 3);
    printf("%d\n", shared);
}
