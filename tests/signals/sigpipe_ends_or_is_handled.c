// A write without reader sends SIGPIPE to the writer; MSG_NOSIGNAL and SIG_IGN leave EPIPE.
#include "signals.h"
#include <sys/socket.h>

int main(void) {
    int ends[2], pair[2];
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close(pair[0]) == 0);
    pid_t child = fork();
    if (child == 0) {
        ssize_t none = write(ends[1], "x", 1);
        _exit((int)none);
    }
    CHECK(ended_by(child) == SIGPIPE);
    on(SIGPIPE, count, 0);
    CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
    CHECK(counted == 1);
    CHECK_FAILS(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK(counted == 1);
    CHECK_FAILS(send(pair[1], "x", 1, 0), EPIPE);
    CHECK(counted == 2 && signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK_FAILS(write(ends[1], "x", 1), EPIPE);
    CHECK(counted == 2);
    puts("ok");
}
