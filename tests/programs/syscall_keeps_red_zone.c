// The 128 bytes below the stack pointer survive a system call.
#include "check.h"

static uint64_t seen[16] __attribute__((used));

__asm__(".text\ncall_it:\n mov $0x0123456789abcdef, %rcx\n xor %edx, %edx\n"
        "1: mov %rcx, -128(%rsp, %rdx, 8)\n inc %rcx\n inc %edx\n cmp $16, %edx\n jne 1b\n"
        " mov $39, %eax\n syscall\n"
        " lea seen(%rip), %rsi\n xor %edx, %edx\n"
        "2: mov -128(%rsp, %rdx, 8), %rcx\n mov %rcx, (%rsi, %rdx, 8)\n inc %edx\n"
        " cmp $16, %edx\n jne 2b\n ret\n");
extern long call_it(void);

int main(void) {
    for (int round = 0; round < 100; round++) {
        memset(seen, 0, sizeof seen);
        CHECK(call_it() == getpid());
        for (unsigned i = 0; i < 16; i++)
            CHECK(seen[i] == UINT64_C(0x0123456789abcdef) + i);
    }
    puts("ok");
}
