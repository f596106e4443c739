// The time stamp counter grows, however it is read, and rdtscp leaves the other registers alone.
#include "check.h"
#include <stdint.h>

#define LONG_NOP "\n.byte 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0\n"

static uint64_t read_plain(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" LONG_NOP : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t read_with_processor(void) {
    uint32_t low, high, processor;
    uint64_t kept = 0x1234567890abcdef;
    __asm__ volatile("cmp %%rdi, %%rdi\nrdtscp\njne 1f\nxor %%esi, %%esi\n1:\n" LONG_NOP
                     : "=a"(low), "=d"(high), "=c"(processor), "+D"(kept)
                     :
                     : "rsi", "cc");
    CHECK(kept == 0x1234567890abcdef);
    return (uint64_t)high << 32 | low;
}

int main(void) {
    uint64_t last = 0;
    for (int i = 0; i < 300; i++) {
        uint64_t now = i % 3 ? read_plain() : read_with_processor();
        CHECK(now >= last);
        last = now;
    }
    CHECK(last > 0);
    puts("ok");
}
