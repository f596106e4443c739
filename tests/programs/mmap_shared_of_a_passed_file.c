// A file that came over a socket can be mapped shared, and /dev/zero gives memory.
#include "check.h"
#include <sys/mman.h>
#include <sys/socket.h>

static void pass(int over, int fd) {
    char byte = 'x', control[CMSG_SPACE(sizeof fd)] = "";
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(sendmsg(over, &message, 0) == 1);
}

static int take(int over) {
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    CHECK(recvmsg(over, &message, 0) == 1);
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

int main(void) {
    int ends[2], fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && ftruncate(fd, 4096) == 0);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        char *other = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, take(ends[1]), 0);
        CHECK(other != MAP_FAILED && strcmp(other, "asked") == 0);
        strcpy(other, "answered");
        _exit(0);
    }
    strcpy(map, "asked");
    pass(ends[0], fd);
    CHECK(exit_code(child) == 0);
    int zero = open("/dev/zero", O_RDWR);
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
    CHECK(memory != MAP_FAILED && memory[0] == 0);
    child = fork();
    if (child == 0) {
        strcpy(memory, "zero");
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    printf("%s %s\n", map, memory);
}
