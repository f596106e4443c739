// With SO_PASSCRED a message names the process and user that sent it.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2], one = 1;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(write(pair[1], "x", 1) == 1 ? 0 : 1);
    char byte;
    struct iovec piece = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control = {0};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    CHECK(recvmsg(pair[0], &message, 0) == 1);
    CHECK(control.header.cmsg_type == SCM_CREDENTIALS);
    struct ucred who;
    memcpy(&who, CMSG_DATA(&control.header), sizeof who);
    CHECK(who.pid == child && who.uid == getuid() && who.gid == getgid());
    socklen_t length = sizeof who;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &who, &length) == 0);
    CHECK(who.pid == getpid() && who.uid == geteuid());
    CHECK(exit_code(child) == 0);
    puts("ok");
}
