// Many allocations of all sizes keep their contents, growing, shrinking and over free.
#include "check.h"

enum { COUNT = 400 };

int main(void) {
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    uint32_t seed = 1;
    for (int round = 0; round < 4000; round++) {
        seed = seed * 1664525 + 1013904223;
        int which = (int)(seed >> 8) % COUNT;
        size_t size = (seed >> 16) % 7 == 0 ? 200000 + seed % 100000 : 1 + (seed >> 12) % 2000;
        if (blocks[which]) {
            unsigned char mark = (unsigned char)(which + 1);
            CHECK(blocks[which][0] == mark && blocks[which][sizes[which] - 1] == mark);
        }
        CHECK((blocks[which] = realloc(blocks[which], size)));
        blocks[which][0] = blocks[which][size - 1] = (unsigned char)(which + 1);
        sizes[which] = size;
    }
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    void *aligned = aligned_alloc(4096, 8192);
    CHECK(aligned && (uintptr_t)aligned % 4096 == 0);
    free(aligned);
    puts("ok");
}
