// A non-blocking connect completes under poll, and SO_ERROR tells how.
#include "check.h"
#include <arpa/inet.h>
#include <poll.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 1) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    CHECK(result == 0 || errno == EINPROGRESS);
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    CHECK(poll(&wanted, 1, 5000) == 1 && wanted.revents == POLLOUT);
    int error = -1;
    length = sizeof error;
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
    char byte;
    CHECK_FAILS(read(fd, &byte, 1), EAGAIN);
    int accepted = accept(server, NULL, NULL);
    CHECK(write(accepted, "x", 1) == 1);
    wanted.events = POLLIN;
    CHECK(poll(&wanted, 1, 5000) == 1 && read(fd, &byte, 1) == 1 && byte == 'x');
    puts("ok");
}
