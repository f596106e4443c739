// One read of a signalfd takes several signals, the lowest numbers first, with values.
#include "signals.h"
#include <sys/signalfd.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < 3; i++)
        sigaddset(&set, SIGRTMIN + i);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int file = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(file >= 0);
    for (int i = 0; i < 6; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN + 2 - i % 3, (union sigval){.sival_int = i}) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    struct signalfd_siginfo infos[10];
    CHECK(read(file, infos, sizeof infos) == 7 * sizeof *infos);
    CHECK(infos[0].ssi_signo == SIGUSR1 && infos[0].ssi_pid == (uint32_t)getpid());
    for (int i = 1; i < 7; i++)
        printf("%d:%d ", (int)infos[i].ssi_signo - SIGRTMIN, infos[i].ssi_int);
    CHECK_FAILS(read(file, infos, sizeof infos), EAGAIN);
    puts("");
}
