// waitid(WNOWAIT) looks at an ended child without taking it.
#include "check.h"

int main(void) {
    pid_t child = fork();
    if (child == 0)
        _exit(33);
    siginfo_t info;
    for (int i = 0; i < 2; i++) {
        memset(&info, 0, sizeof info);
        CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
        CHECK(info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 33);
        CHECK(info.si_signo == SIGCHLD && info.si_uid == getuid());
    }
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == child);
    CHECK_FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    CHECK_FAILS(waitid(P_PID, (id_t)child, &info, 0), EINVAL);
    puts("ok");
}
