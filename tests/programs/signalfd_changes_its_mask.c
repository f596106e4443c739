// signalfd with a descriptor gives that descriptor another mask.
#include "check.h"
#include <sys/signalfd.h>

int main(void) {
    sigset_t first, second;
    sigemptyset(&first);
    sigaddset(&first, SIGUSR1);
    sigemptyset(&second);
    sigaddset(&second, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &first, NULL) == 0 && sigprocmask(SIG_BLOCK, &second, NULL) == 0);
    int descriptor = signalfd(-1, &first, SFD_NONBLOCK);
    CHECK(descriptor >= 0 && raise(SIGUSR2) == 0);
    struct signalfd_siginfo info;
    CHECK_FAILS(read(descriptor, &info, sizeof info), EAGAIN);
    CHECK(signalfd(descriptor, &second, SFD_NONBLOCK) == descriptor);
    CHECK(read(descriptor, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2);
    CHECK(raise(SIGUSR1) == 0);
    CHECK_FAILS(read(descriptor, &info, sizeof info), EAGAIN);
    CHECK_FAILS(signalfd(STDIN_FILENO, &first, 0), EINVAL);
    CHECK_FAILS(signalfd(77, &first, 0), EBADF);
    int other = dup(descriptor);
    CHECK(other == descriptor + 1);
    puts("ok");
    return 0;
}
