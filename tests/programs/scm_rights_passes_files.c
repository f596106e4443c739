// Two regular files cross a socket in one message; they share offset with the originals.
#include "check.h"
#include <sys/socket.h>

int main(void) {
    int pair[2], files[2], got[2];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    files[0] = open("one", O_CREAT | O_RDWR, 0600);
    files[1] = open("two", O_CREAT | O_RDWR, 0600);
    CHECK(write(files[0], "first file", 10) == 10 && lseek(files[0], 6, SEEK_SET) == 6);
    char byte = 0;
    struct iovec piece = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof files)];
    } control = {0};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof files);
    memcpy(CMSG_DATA(&control.header), files, sizeof files);
    CHECK(sendmsg(pair[0], &message, 0) == 1);
    memset(&control, 0, sizeof control);
    int lowest = dup(0);
    CHECK(close(lowest) == 0 && recvmsg(pair[1], &message, 0) == 1);
    CHECK(control.header.cmsg_len == CMSG_LEN(sizeof files) && message.msg_flags == 0);
    memcpy(got, CMSG_DATA(&control.header), sizeof got);
    CHECK(got[0] == lowest && got[1] == got[0] + 1);
    char text[8] = "";
    CHECK(read(got[0], text, sizeof text) == 4 && lseek(files[0], 0, SEEK_CUR) == 10);
    CHECK(write(got[1], "x", 1) == 1 && lseek(files[1], 0, SEEK_CUR) == 1);
    puts(text);
}
