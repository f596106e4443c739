// wait4 and waitid find children by number, by group and any; WNOHANG and WNOWAIT keep their rules.
#include "signals.h"

int main(void) {
    pid_t one = fork();
    if (one == 0)
        _exit(11);
    pid_t two = fork();
    if (two == 0) {
        CHECK(setpgid(0, 0) == 0);
        _exit(22);
    }
    siginfo_t info = {0};
    CHECK(waitid(P_PID, (id_t)two, &info, WEXITED | WNOWAIT) == 0 && info.si_status == 22);
    int status;
    CHECK(waitpid(-two, &status, 0) == two && WEXITSTATUS(status) == 22);
    CHECK(waitpid(0, &status, 0) == one && WEXITSTATUS(status) == 11);
    CHECK_FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
    pid_t three = fork();
    if (three == 0)
        for (;;)
            pause();
    CHECK(waitpid(three, &status, WNOHANG) == 0);
    info.si_pid = 99;
    CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    CHECK(kill(three, SIGKILL) == 0 && waitid(P_ALL, 0, &info, WEXITED) == 0);
    CHECK(info.si_pid == three && info.si_code == CLD_KILLED && info.si_status == SIGKILL);
    CHECK_FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    puts("ok");
}
