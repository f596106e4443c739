// Threads allocate, free what others allocated, map and unmap.
#include "seen.h"
#include <sys/mman.h>

static void *slots[64];

static void *work(void *argument) {
    unsigned state = (unsigned)number(argument) * 7919 + 1;
    for (int i = 0; i < 300; i++) {
        state = state * 1103515245 + 12345;
        size_t size = 16 + (state >> 8) % (i % 50 ? 3000 : 300000);
        unsigned char *block = malloc(size);
        CHECK(block);
        memset(block, number(argument), size);
        CHECK(block[size - 1] == number(argument));
        void *old = __atomic_exchange_n(&slots[(state >> 16) % 64], block, __ATOMIC_SEQ_CST);
        free(old);
        if (i % 60 == 0) {
            unsigned *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            CHECK(map != MAP_FAILED && map[5] == 0);
            map[5] = state;
            CHECK(mprotect(map, 4096, PROT_READ) == 0 && map[5] == state);
            CHECK(munmap(map, 65536) == 0);
            note('a' + number(argument));
        }
    }
    return NULL;
}

int main(void) {
    run_threads(5, work);
    for (int i = 0; i < 64; i++)
        if (slots[i])
            putchar('a' + *(unsigned char *)slots[i]); // who was last
    printf("\n");
    show_seen();
}
