// UDP datagrams carry their sender's address; a connected socket needs none.
#include "check.h"
#include <arpa/inet.h>

static int bound(struct sockaddr_in *address) {
    socklen_t length = sizeof *address;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(fd, (struct sockaddr *)address, length) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)address, &length) == 0);
    return fd;
}

int main(void) {
    struct sockaddr_in here, there, from = {0};
    int one = bound(&here), two = bound(&there);
    CHECK(sendto(one, "hello", 5, 0, (struct sockaddr *)&there, sizeof there) == 5);
    char text[16] = "";
    socklen_t length = sizeof from;
    CHECK(recvfrom(two, text, sizeof text, 0, (struct sockaddr *)&from, &length) == 5);
    CHECK(length == sizeof from && from.sin_port == here.sin_port);
    CHECK(connect(two, (struct sockaddr *)&from, sizeof from) == 0);
    CHECK(send(two, "back", 4, 0) == 4 && recv(one, text + 5, 8, 0) == 4);
    puts(text);
}
