// Signal 0 tells whether a process is there, a zombie included, and sends nothing.
#include "signals.h"

int main(void) {
    CHECK(kill(getpid(), 0) == 0);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, 0) == 0 && kill(child, SIGKILL) == 0);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    CHECK(kill(child, 0) == 0 && ended_by(child) == SIGKILL);
    CHECK_FAILS(kill(child, 0), ESRCH);
    CHECK_FAILS(kill(getpid(), 65), EINVAL);
    puts("ok");
}
