// sigwaitinfo and sigwait take blocked signals without a handler.
#include "check.h"

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    siginfo_t info;
    CHECK(kill(getpid(), SIGUSR1) == 0 && sigwaitinfo(&set, &info) == SIGUSR1);
    CHECK(info.si_code == SI_USER && info.si_pid == getpid());
    pid_t child = fork();
    if (child == 0)
        _exit(6);
    CHECK(sigwaitinfo(&set, &info) == SIGCHLD);
    CHECK(info.si_code == CLD_EXITED && info.si_status == 6 && info.si_pid == child);
    CHECK(exit_code(child) == 6);
    int number = 0;
    CHECK(raise(SIGUSR1) == 0 && sigwait(&set, &number) == 0 && number == SIGUSR1);
    puts("ok");
}
