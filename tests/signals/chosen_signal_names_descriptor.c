// F_SETSIG chooses a real-time signal, whose siginfo names the descriptor and what it is ready for.
#include "signals.h"
#include <poll.h>
#include <sys/socket.h>

static volatile siginfo_t got;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    got = *info;
}

int main(void) {
    int pair[2];
    on_info(SIGRTMIN + 4, handle, 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    struct f_owner_ex owner = {F_OWNER_TID, gettid()}, now;
    CHECK(fcntl(pair[0], F_SETSIG, SIGRTMIN + 4) == 0 && fcntl(pair[0], F_GETSIG) == SIGRTMIN + 4);
    CHECK(fcntl(pair[0], F_SETOWN_EX, &owner) == 0 && fcntl(pair[0], F_GETOWN_EX, &now) == 0);
    CHECK(now.type == F_OWNER_TID && now.pid == gettid());
    CHECK(fcntl(pair[0], F_SETFL, O_ASYNC) == 0);
    CHECK(write(pair[1], "x", 1) == 1);
    CHECK(got.si_fd == pair[0] && got.si_code == POLL_IN && got.si_band & POLLIN);
    puts("ok");
}
