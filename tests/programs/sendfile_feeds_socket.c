// sendfile sends a file of 200 KB over a socket pair to a child that compares it.
#include "check.h"
#include <sys/sendfile.h>
#include <sys/socket.h>

enum { SIZE = 200000 };
static unsigned char bytes[SIZE], seen[SIZE];

int main(void) {
    int pair[2], fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    for (int i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i ^ (i >> 8));
    CHECK(write(fd, bytes, SIZE) == SIZE);
    pid_t child = fork();
    if (child == 0) {
        CHECK(recv(pair[1], seen, SIZE, MSG_WAITALL) == SIZE);
        _exit(memcmp(bytes, seen, SIZE) != 0);
    }
    off_t offset = 0;
    while (offset < SIZE)
        CHECK(sendfile(pair[0], fd, &offset, (size_t)(SIZE - offset)) > 0);
    CHECK(exit_code(child) == 0);
    puts("200000 bytes");
}
