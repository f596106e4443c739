// waitpid(WNOHANG) returns 0 while the child runs, and its number when it has ended.
#include "check.h"

int main(void) {
    int ends[2], status = 0;
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        _exit(5);
    }
    for (int i = 0; i < 3; i++)
        CHECK(waitpid(child, &status, WNOHANG) == 0);
    siginfo_t info = {.si_pid = 1};
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    CHECK(write(ends[1], "x", 1) == 1);
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) == 0)
        usleep(1000);
    CHECK(ended == child && WEXITSTATUS(status) == 5);
    CHECK_FAILS(waitpid(child, &status, WNOHANG), ECHILD);
    puts("ok");
}
