// A signalfd gives blocked signals as records, with sender and value.
#include "check.h"
#include <sys/signalfd.h>

int main(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo record[3];
    CHECK(fd >= 0);
    CHECK_FAILS(read(fd, record, sizeof record), EAGAIN);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(read(fd, record, sizeof record) == sizeof record[0]);
    CHECK(record[0].ssi_signo == SIGUSR1 && (pid_t)record[0].ssi_pid == getpid());
    CHECK(record[0].ssi_uid == getuid() && record[0].ssi_code == SI_USER);
    for (int i = 1; i <= 2; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i * 11}) == 0);
    CHECK(read(fd, record, sizeof record) == 2 * sizeof record[0]);
    printf("%d %d\n", record[0].ssi_int, record[1].ssi_int);
    CHECK_FAILS(read(fd, record, 8), EINVAL);
}
