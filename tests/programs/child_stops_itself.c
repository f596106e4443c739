// A child that raises SIGSTOP is seen stopped and goes on after SIGCONT; waitid tells the codes.
#include "check.h"

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        CHECK(raise(SIGSTOP) == 0);
        _exit(8);
    }
    siginfo_t info = {0};
    CHECK(waitid(P_PID, (id_t)child, &info, WSTOPPED) == 0);
    CHECK(info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == child);
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED) == 0);
    CHECK(info.si_code == CLD_EXITED && info.si_status == 8);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED) == 0);
    CHECK(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
    puts("ok");
}
