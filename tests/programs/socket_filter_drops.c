// A classic BPF program, to which an option of setsockopt points, decides what a socket receives.
#include "check.h"
#include <linux/filter.h>
#include <sys/socket.h>

int main(void) {
    int ends[2];
    char byte;
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) == 0);
    struct sock_filter *code = malloc(4 * sizeof *code);
    code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
    code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 'a', 0, 1);
    code[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffff);
    code[3] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 4, .filter = code};
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
    CHECK(write(ends[0], "b", 1) < 0 || read(ends[1], &byte, 1) < 0);
    CHECK(write(ends[0], "a", 1) == 1 && read(ends[1], &byte, 1) == 1 && byte == 'a');
    code[3].code = 0xffff;
    CHECK_FAILS(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
                EINVAL);
    program.filter = NULL;
    CHECK_FAILS(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
                EINVAL);
    int none = 0;
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) == 0);
    puts("ok");
}
