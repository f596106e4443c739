// A socket with O_ASYNC and F_SETSIG sends the owner a signal that names the descriptor.
#include "check.h"
#include <poll.h>
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(fcntl(pair[0], F_SETOWN, getpid()) == 0 && fcntl(pair[0], F_GETOWN) == getpid());
    CHECK(fcntl(pair[0], F_SETSIG, SIGRTMIN) == 0 && fcntl(pair[0], F_GETSIG) == SIGRTMIN);
    CHECK(fcntl(pair[0], F_SETFL, O_ASYNC) == 0);
    CHECK(write(pair[1], "x", 1) == 1);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
    CHECK(info.si_fd == pair[0] && info.si_code == POLL_IN && (info.si_band & POLLIN));
    puts("ok");
}
