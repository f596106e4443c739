// PR_SET_PDEATHSIG ends a grandchild when its parent ends.
#include "check.h"
#include <sys/prctl.h>

int main(void) {
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    int number[2];
    CHECK(pipe(number) == 0);
    pid_t child = fork();
    if (child == 0) {
        int ready[2];
        char byte;
        CHECK(pipe(ready) == 0);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            int wanted = 0;
            CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
            CHECK(prctl(PR_GET_PDEATHSIG, &wanted, 0, 0, 0) == 0 && wanted == SIGKILL);
            CHECK(write(ready[1], "x", 1) == 1);
            for (;;)
                pause();
        }
        CHECK(write(number[1], &grandchild, sizeof grandchild) == sizeof grandchild);
        CHECK(read(ready[0], &byte, 1) == 1);
        _exit(0);
    }
    pid_t orphan;
    CHECK(exit_code(child) == 0);
    CHECK(read(number[0], &orphan, sizeof orphan) == sizeof orphan);
    int status = wait_status(orphan);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    puts("ok");
}
