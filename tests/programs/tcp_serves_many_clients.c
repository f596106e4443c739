// A server accepts five clients, one after the other, each in a process of its own.
#include "check.h"
#include <arpa/inet.h>

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 5) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            int fd = socket(AF_INET, SOCK_STREAM, 0);
            CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
            CHECK(dprintf(fd, "client %d", i) == 8);
            _exit(0);
        }
        int fd = accept(server, NULL, NULL);
        char text[16] = "";
        CHECK(fd >= 0 && recv(fd, text, 8, MSG_WAITALL) == 8 && close(fd) == 0);
        CHECK(exit_code(child) == 0);
        puts(text);
    }
}
