// Each end of a TCP connection sees the other's own name as its peer name.
#include "check.h"
#include <arpa/inet.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in near, far;
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_FAILS(getpeername(client, (struct sockaddr *)&near, &length), ENOTCONN);
    CHECK(bind(server, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(server, 1) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    int fd = accept(server, NULL, NULL);
    length = sizeof near;
    CHECK(getsockname(client, (struct sockaddr *)&near, &length) == 0);
    length = sizeof far;
    CHECK(getpeername(fd, (struct sockaddr *)&far, &length) == 0 && length == sizeof far);
    CHECK(near.sin_port == far.sin_port && near.sin_addr.s_addr == far.sin_addr.s_addr);
    CHECK(getpeername(client, (struct sockaddr *)&near, &length) == 0);
    CHECK(near.sin_port == address.sin_port);
    puts("ok");
}
