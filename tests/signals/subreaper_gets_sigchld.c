// An orphan's end is told to the subreaper, by SIGCHLD and wait.
#include "signals.h"
#include <sys/prctl.h>

int main(void) {
    int ends[2];
    block(SIGCHLD);
    sigset_t set = only(SIGCHLD);
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            char byte;
            CHECK(close(ends[1]) == 0 && read(ends[0], &byte, 1) == 0);
            _exit(44);
        }
        _exit(43);
    }
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == child && info.si_status == 43);
    CHECK(exit_code(child) == 43 && close(ends[1]) == 0);
    CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid != child && info.si_status == 44);
    CHECK(exit_code(info.si_pid) == 44);
    puts("ok");
}
