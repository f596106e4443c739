// Connecting where nobody listens is ECONNREFUSED, for TCP and for UNIX sockets.
#include "check.h"
#include <arpa/inet.h>
#include <sys/un.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int silent = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(silent, (struct sockaddr *)&address, length) == 0); // bound, so it stays ours
    CHECK(getsockname(silent, (struct sockaddr *)&address, &length) == 0);
    CHECK_FAILS(connect(fd, (struct sockaddr *)&address, sizeof address), ECONNREFUSED);
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int local = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FAILS(connect(local, (struct sockaddr *)&name, sizeof name), ENOENT);
    CHECK(bind(other, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK_FAILS(connect(local, (struct sockaddr *)&name, sizeof name), ECONNREFUSED);
    CHECK_FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    puts("ok");
}
