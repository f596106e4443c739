// 2 MiB over a TCP connection arrive complete and in order; shutdown marks the end.
#include "check.h"
#include <arpa/inet.h>

enum { COUNT = 1 << 19 };

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&address, length) == 0 && listen(server, 1) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
    static uint32_t words[COUNT];
    pid_t child = fork();
    if (child == 0) {
        for (uint32_t i = 0; i < COUNT; i++)
            words[i] = i * 2654435761u;
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(send(fd, words, sizeof words, 0) == sizeof words && shutdown(fd, SHUT_WR) == 0);
        char byte;
        _exit(read(fd, &byte, 1) == 1 && byte == '!' ? 0 : 1);
    }
    int fd = accept(server, NULL, NULL);
    size_t got = 0;
    for (ssize_t count; (count = read(fd, (char *)words + got, sizeof words - got)) > 0;)
        got += (size_t)count;
    CHECK(got == sizeof words);
    for (uint32_t i = 0; i < COUNT; i++)
        CHECK(words[i] == i * 2654435761u);
    CHECK(write(fd, "!", 1) == 1 && exit_code(child) == 0);
    printf("%zu bytes\n", got);
}
