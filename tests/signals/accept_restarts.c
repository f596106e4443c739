// accept goes on under SA_RESTART, unless the socket has a receive timeout.
#include "signals.h"
#include <sys/socket.h>
#include <sys/un.h>

static int ends[2];

static void feed(int number) {
    (void)number;
    if (++counted == 3)
        CHECK(write(ends[1], "x", 1) == 1);
}

int main(void) {
    CHECK(pipe(ends) == 0);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof address;
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address.sun_family) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &size) == 0 && listen(server, 2) == 0);
    on(SIGALRM, feed, SA_RESTART);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(read(ends[0], &byte, 1) == 1);
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        _exit(connect(client, (struct sockaddr *)&address, size) == 0 ? 2 : 3);
    }
    alarm_us(3000, 3000);
    CHECK(accept(server, NULL, NULL) >= 0 && counted >= 3);
    alarm_us(0, 0);
    CHECK(exit_code(child) == 2);
    struct timeval limit = {50, 0};
    CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    alarm_us(3000, 3000);
    CHECK_FAILS(accept(server, NULL, NULL), EINTR);
    alarm_us(0, 0);
    puts("ok");
}
