// The upper halves of the AVX registers, where there are any, survive system calls.
#include "check.h"
#include <immintrin.h>

static unsigned char before[32], after[32];

__attribute__((target("avx"), noinline)) static long call_it(void) {
    long result = 39; // getpid
    __asm__ volatile("vmovdqu (%[before]), %%ymm7\n vmovdqu (%[before]), %%ymm15\n"
                     "syscall\n vxorps %%ymm7, %%ymm15, %%ymm15\n vmovdqu %%ymm7, (%[after])\n"
                     "vptest %%ymm15, %%ymm15\n jz 1f\n xor %%eax, %%eax\n1: vzeroupper\n"
                     : "+a"(result)
                     : [before] "r"(before), [after] "r"(after)
                     : "rcx", "r11", "memory", "cc", "xmm7", "xmm15");
    return result;
}

int main(void) {
    for (int i = 0; i < 32; i++)
        before[i] = (unsigned char)(200 - i);
    if (__builtin_cpu_supports("avx"))
        for (int round = 0; round < 20; round++) {
            memset(after, 0, sizeof after);
            CHECK(call_it() == getpid() && memcmp(before, after, sizeof before) == 0);
        }
    puts("ok");
}
