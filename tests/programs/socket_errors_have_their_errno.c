// Socket calls on the wrong thing, family or state fail with the right errno.
#include "check.h"
#include <arpa/inet.h>

int main(void) {
    int file = open("file", O_CREAT | O_RDWR, 0600), fd = socket(AF_INET, SOCK_STREAM, 0);
    char byte = 0;
    CHECK_FAILS(listen(file, 1), ENOTSOCK);
    CHECK_FAILS(send(file, &byte, 1, 0), ENOTSOCK);
    CHECK_FAILS(accept(900, NULL, NULL), EBADF);
    CHECK_FAILS(accept(fd, NULL, NULL), EINVAL);
    CHECK_FAILS(recv(fd, &byte, 1, 0), ENOTCONN);
    CHECK_FAILS(shutdown(fd, SHUT_RDWR), ENOTCONN);
    CHECK_FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(0x08080808)}};
    CHECK_FAILS(bind(fd, (struct sockaddr *)&address, sizeof address), EADDRNOTAVAIL);
    CHECK_FAILS(bind(fd, (struct sockaddr *)&address, 2), EINVAL);
    CHECK_FAILS(lseek(fd, 0, SEEK_SET), ESPIPE);
    puts("ok");
}
