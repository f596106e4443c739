// MSG_PEEK looks without taking, MSG_WAITALL waits for all, MSG_DONTWAIT never waits.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    char text[16] = "";
    CHECK_FAILS(recv(pair[1], text, 1, MSG_DONTWAIT), EAGAIN);
    CHECK(send(pair[0], "abcdef", 6, 0) == 6);
    CHECK(recv(pair[1], text, 3, MSG_PEEK) == 3 && memcmp(text, "abc", 3) == 0);
    CHECK(recv(pair[1], text, 2, 0) == 2 && memcmp(text, "ab", 2) == 0);
    CHECK(recv(pair[1], text, 8, MSG_PEEK | MSG_DONTWAIT) == 4);
    pid_t child = fork();
    if (child == 0) {
        CHECK(send(pair[0], "gh", 2, 0) == 2);
        _exit(0);
    }
    CHECK(recv(pair[1], text, 6, MSG_WAITALL) == 6);
    CHECK(exit_code(child) == 0);
    puts(text);
}
