// A grandchild whose parent ended becomes the child of the nearest subreaper.
#include "check.h"
#include <sys/prctl.h>

int main(void) {
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    int number[2], gate[2];
    CHECK(pipe(number) == 0 && pipe(gate) == 0);
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            char byte;
            CHECK(read(gate[0], &byte, 1) == 1); // the parent is gone by now
            _exit(getppid() == self ? 44 : 1);
        }
        CHECK(write(number[1], &grandchild, sizeof grandchild) == sizeof grandchild);
        _exit(0);
    }
    pid_t orphan;
    CHECK(exit_code(child) == 0);
    CHECK(read(number[0], &orphan, sizeof orphan) == sizeof orphan);
    CHECK(write(gate[1], "x", 1) == 1);
    printf("%d\n", exit_code(orphan));
}
