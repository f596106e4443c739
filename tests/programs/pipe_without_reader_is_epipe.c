// Writing without a reader is EPIPE when SIGPIPE is ignored and ends the process when it is not.
#include "check.h"

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
    pid_t child = fork();
    if (child == 0) {
        CHECK(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
        CHECK(write(ends[1], "x", 1) == -1);
        _exit(7);
    }
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    puts("ok");
}
