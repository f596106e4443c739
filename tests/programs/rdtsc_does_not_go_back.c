// The time stamp counter, read by rdtsc and rdtscp, grows.
#include "check.h"

static uint64_t rdtsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static uint64_t rdtscp(void) {
    uint32_t low, high, processor;
    __asm__ volatile("lfence; rdtscp; lfence" : "=a"(low), "=d"(high), "=c"(processor));
    return (uint64_t)high << 32 | low;
}

int main(void) {
    uint64_t first = rdtsc(), last = first;
    for (int i = 0; i < 1000; i++) {
        __asm__ volatile("lfence");
        uint64_t now = i % 2 ? rdtsc() : rdtscp();
        CHECK(now >= last);
        last = now;
    }
    usleep(1000);
    CHECK(rdtscp() > last && last > first);
    puts("ok");
}
