// mremap grows, moves and shrinks a mapping and keeps what was in it.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, access = PROT_READ | PROT_WRITE;
    char *map = mmap(NULL, 3 * 4096, access, flags, -1, 0);
    CHECK(map != MAP_FAILED);
    strcpy(map, "first page");
    CHECK_FAILS((intptr_t)mremap(map, 4096, 2 * 4096, 0), ENOMEM); // its neighbour is in the way
    char *moved = mremap(map, 4096, 64 * 4096, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != map && strcmp(moved, "first page") == 0);
    CHECK(moved[64 * 4096 - 1] == 0);
    strcpy(moved + 4096, "second page");
    CHECK(mremap(moved, 64 * 4096, 2 * 4096, 0) == moved);
    char *target = map + 4096;
    char *fixed = mremap(moved, 2 * 4096, 2 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(fixed == target && strcmp(fixed + 4096, "second page") == 0);
    puts(fixed);
}
