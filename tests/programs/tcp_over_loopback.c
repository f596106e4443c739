// A TCP client in a child talks to a server over 127.0.0.1 at an ephemeral port.
#include "check.h"
#include <arpa/inet.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 5) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0 && address.sin_port);
    pid_t child = fork();
    if (child == 0) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        char reply[16] = "";
        CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(write(fd, "ping", 4) == 4);
        CHECK(recv(fd, reply, 4, MSG_WAITALL) == 4 && memcmp(reply, "pong", 4) == 0);
        _exit(0);
    }
    struct sockaddr_in peer;
    length = sizeof peer;
    int fd = accept(server, (struct sockaddr *)&peer, &length);
    char text[16] = "";
    CHECK(fd >= 0 && length == sizeof peer && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(recv(fd, text, 4, MSG_WAITALL) == 4 && write(fd, "pong", 4) == 4);
    CHECK(read(fd, text + 4, 1) == 0);
    CHECK(exit_code(child) == 0);
    puts(text);
}
