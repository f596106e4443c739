// A program asks for io_uring, membarrier, rseq and keyrings and goes on without them.
#include "check.h"
#include <sys/syscall.h>

int main(void) {
    unsigned char parameters[120] = {0};
    long ring = syscall(SYS_io_uring_setup, 4, parameters);
    CHECK(ring >= 0 || (ring == -1 && errno > 0));
    if (ring >= 0)
        CHECK(close((int)ring) == 0);
    long commands = syscall(SYS_membarrier, 0, 0, 0); // MEMBARRIER_CMD_QUERY
    CHECK(commands >= 0 || errno == ENOSYS);
    static unsigned char area[32] __attribute__((aligned(32)));
    CHECK(syscall(SYS_rseq, area, sizeof area, 0, 0x53053053) == 0 || errno > 0);
    CHECK(syscall(SYS_get_mempolicy, NULL, NULL, 0, NULL, 0) == 0 || errno > 0);
    CHECK(syscall(SYS_keyctl, 0, -3, 0) != -1 || errno > 0);
    CHECK(syscall(SYS_pkey_alloc, 0, 0) >= -1);
    int fd = open("file", O_CREAT | O_RDWR, 0600); // what would have used them works without
    char text[16] = "";
    CHECK(pwrite(fd, "plain", 5, 0) == 5 && pread(fd, text, sizeof text, 0) == 5);
    puts(text);
}
