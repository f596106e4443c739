// An ended child keeps its number until it is waited for; with SIGCHLD ignored it does not.
#include "check.h"

int main(void) {
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(2);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK(kill(child, SIGKILL) == 0 && getpgid(child) == getpgrp());
    CHECK(exit_code(child) == 2); // the signal changed nothing
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    child = fork();
    if (child == 0)
        _exit(3);
    CHECK_FAILS(waitpid(child, NULL, 0), ECHILD);
    puts("ok");
}
