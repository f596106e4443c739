// Out-of-band data over TCP sends SIGURG to the socket's owner.
#include "signals.h"
#include <netinet/in.h>
#include <sys/socket.h>

int main(void) {
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    on(SIGURG, count, 0);
    block(SIGURG);
    CHECK(bind(server, (struct sockaddr *)&address, size) == 0 && listen(server, 1) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &size) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, size) == 0);
    int peer = accept(server, NULL, NULL);
    CHECK(peer >= 0 && fcntl(peer, F_SETOWN, getpid()) == 0);
    CHECK(send(client, "!", 1, MSG_OOB) == 1);
    sigset_t none;
    sigemptyset(&none);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR && counted == 1);
    char byte;
    CHECK(recv(peer, &byte, 1, MSG_OOB) == 1 && byte == '!');
    puts("ok");
}
