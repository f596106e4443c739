// The syscall instruction changes rax, rcx (the next address) and r11 (the flags) alone.
#include "check.h"

// rbx, rbp, rdi, rsi, rdx, r8, r9, r10, r12 to r15 after the call, then rax, rcx, r11, flags, rsp
static uint64_t seen[17] __attribute__((used)), stack_before __attribute__((used));

__asm__(".text\ncall_it:\n push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        " mov %rsp, stack_before(%rip)\n"
        " mov $0x1111111111111111, %rbx\n mov $0x2222222222222222, %rbp\n"
        " mov $0x3333333333333333, %rdi\n mov $0x4444444444444444, %rsi\n"
        " mov $0x5555555555555555, %rdx\n mov $0x6666666666666666, %r8\n"
        " mov $0x7777777777777777, %r9\n mov $0x8888888888888888, %r10\n"
        " mov $0x9999999999999999, %r12\n mov $0xaaaaaaaaaaaaaaaa, %r13\n"
        " mov $0xbbbbbbbbbbbbbbbb, %r14\n mov $0xcccccccccccccccc, %r15\n"
        " pushq $0xad7\n popfq\n mov $39, %eax\n" // carry, parity, zero, sign, overflow; getpid
        " syscall\nafter_it:\n"
        " mov %rbx, seen(%rip)\n mov %rbp, seen+8(%rip)\n mov %rdi, seen+16(%rip)\n"
        " mov %rsi, seen+24(%rip)\n mov %rdx, seen+32(%rip)\n mov %r8, seen+40(%rip)\n"
        " mov %r9, seen+48(%rip)\n mov %r10, seen+56(%rip)\n mov %r12, seen+64(%rip)\n"
        " mov %r13, seen+72(%rip)\n mov %r14, seen+80(%rip)\n mov %r15, seen+88(%rip)\n"
        " mov %rax, seen+96(%rip)\n mov %rcx, seen+104(%rip)\n mov %r11, seen+112(%rip)\n"
        " mov %rsp, seen+128(%rip)\n pushfq\n popq seen+120(%rip)\n"
        " pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");
extern void call_it(void);
extern const char after_it[];

int main(void) {
    for (int round = 0; round < 3; round++) {
        memset(seen, 0, sizeof seen);
        call_it();
        for (unsigned i = 0; i < 12; i++)
            CHECK(seen[i] == UINT64_C(0x1111111111111111) * (i + 1));
        CHECK(seen[12] == (uint64_t)getpid() && seen[13] == (uint64_t)(uintptr_t)after_it);
        CHECK((seen[14] & 0xcd5) == (0xad7 & 0xcd5) && (seen[15] & 0xcd5) == (seen[14] & 0xcd5));
        CHECK(seen[16] == stack_before);
    }
    puts("ok");
}
