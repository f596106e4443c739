// Registers, flags, vector registers and the red zone survive handlers in a computing loop.
#include "signals.h"

static void handle(int number) {
    (void)number;
    char noise[512];
    memset(noise, 0xaa, sizeof noise);
    __asm__ volatile("pcmpeqd %%xmm0, %%xmm0; pcmpeqd %%xmm7, %%xmm7; std; cld"
                     :
                     : "r"(noise)
                     : "xmm0", "xmm7", "memory");
    counted++;
}

__attribute__((noinline)) static uint64_t loop(uint64_t turns) {
    uint64_t result;
    __asm__ volatile(
        "mov %1, %%rcx\n mov $3, %%rdx\n movq %%rdx, %%xmm7\n xor %%eax, %%eax\n"
        "mov %%rdx, -8(%%rsp)\n mov %%rdx, -120(%%rsp)\n"
        "1: add -8(%%rsp), %%rax\n movq %%xmm7, %%rdx\n add %%rdx, %%rax\n"
        "add -120(%%rsp), %%rax\n dec %%rcx\n jnz 1b\n mov %%rax, %0\n"
        : "=r"(result)
        : "r"(turns)
        : "rax", "rcx", "rdx", "xmm7", "memory", "cc");
    return result;
}

int main(void) {
    on(SIGALRM, handle, 0);
    alarm_us(1000, 1000);
    uint64_t turns = 3000000;
    while (counted < 30)
        CHECK(loop(turns) == 9 * turns);
    alarm_us(0, 0);
    puts("ok");
}
