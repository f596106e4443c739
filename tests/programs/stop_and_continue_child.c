// SIGSTOP and SIGCONT of a child are seen with WUNTRACED and WCONTINUED.
#include "check.h"

int main(void) {
    int ends[2], status;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        _exit(3);
    }
    for (int i = 0; i < 2; i++) {
        CHECK(kill(child, SIGSTOP) == 0);
        CHECK(waitpid(child, &status, WUNTRACED) == child);
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
        CHECK(waitpid(child, &status, WNOHANG | WUNTRACED) == 0);
        CHECK(kill(child, SIGCONT) == 0);
        CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    }
    CHECK(write(ends[1], "x", 1) == 1);
    CHECK(exit_code(child) == 3);
    puts("ok");
}
