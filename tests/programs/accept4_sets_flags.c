// accept4 marks the new descriptor; an empty non-blocking queue is EAGAIN.
#include "check.h"
#include <arpa/inet.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(bind(server, (struct sockaddr *)&address, length) == 0);
    CHECK(listen(server, 4) == 0);
    CHECK_FAILS(accept(server, NULL, NULL), EAGAIN);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    for (int i = 0; i < 2; i++) {
        int client = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
        int fd = accept4(server, NULL, NULL, i ? SOCK_NONBLOCK | SOCK_CLOEXEC : 0);
        CHECK(fd >= 0 && fcntl(fd, F_GETFD) == (i ? FD_CLOEXEC : 0));
        CHECK(!!(fcntl(fd, F_GETFL) & O_NONBLOCK) == i);
    }
    CHECK_FAILS(accept4(server, NULL, NULL, 12345), EINVAL);
    puts("ok");
}
