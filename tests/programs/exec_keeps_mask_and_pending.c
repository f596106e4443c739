// Over exec the signal mask stays, and so does what is pending.
#include "check.h"

int main(int argc, char **argv) {
    (void)argv;
    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    if (argc == 2) {
        CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
        CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
        CHECK(!sigismember(&now, SIGTERM) && sigpending(&now) == 0);
        CHECK(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
        siginfo_t info;
        CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == getpid());
        puts("ok");
        return 0;
    }
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && kill(getpid(), SIGUSR1) == 0);
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
