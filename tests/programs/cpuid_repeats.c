// cpuid gives the same answer each time, and the C library agrees with it.
#include "check.h"
#include <cpuid.h>

int main(void) {
    const unsigned leaves[] = {0, 7, 0x80000000, 0x80000002, 0x80000003, 0x80000004};
    for (unsigned i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        unsigned first[4], again[4];
        __cpuid_count(leaves[i], 0, first[0], first[1], first[2], first[3]);
        for (int n = 0; n < 20; n++) {
            __cpuid_count(leaves[i], 0, again[0], again[1], again[2], again[3]);
            CHECK(memcmp(first, again, sizeof first) == 0);
        }
    }
    unsigned a, b, c, d;
    __cpuid(1, a, b, c, d); // b holds the processor's number and may change
    CHECK((d & bit_SSE2) && !!(c & bit_SSE4_2) == !!__builtin_cpu_supports("sse4.2"));
    puts("ok");
}
