// Parts of the address space in which natively nothing lies are the program's: CLISP has its heaps
// from 0x1000_0000_0000 to 0x2000_0000_0000, GHC from 0x42_0000_0000.
#include "check.h"

#include <sys/mman.h>

static void take(unsigned long start, unsigned long size) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *place = mmap((void *)start, size, PROT_NONE, flags, -1, 0);
    CHECK(place == (void *)start);
    CHECK(mprotect(place, 4096, PROT_READ | PROT_WRITE) == 0);
    *(volatile long *)place = 5;
    CHECK(*(volatile long *)place == 5);
    CHECK(munmap(place, size) == 0);
}

int main(void) {
    take(0x4200000000, 1UL << 40);
    take(0xc000000000, 1UL << 36);
    take(0x100000000000, 1UL << 44);
    return 0;
}
