// A descriptor of a pipe crosses a socket to a child and works under its new number.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2], ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    char byte = 'p';
    struct iovec piece = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    pid_t child = fork();
    if (child == 0) {
        CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 1 && byte == 'p');
        CHECK(control.header.cmsg_type == SCM_RIGHTS);
        int fd;
        memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
        CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && write(fd, "from the child", 14) == 14);
        _exit(0);
    }
    CHECK(pipe(ends) == 0);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(&control.header), &ends[1], sizeof(int));
    CHECK(sendmsg(pair[0], &message, 0) == 1 && close(ends[1]) == 0);
    CHECK(exit_code(child) == 0);
    char text[32] = "";
    CHECK(read(ends[0], text, sizeof text) == 14 && read(ends[0], text, 1) == 0);
    puts(text);
}
