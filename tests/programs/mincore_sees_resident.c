// mincore tells that touched pages are resident and refuses what is not mapped.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    char *map = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED);
    unsigned char resident[4] = {9, 9, 9, 9};
    memset(map, 1, 2 * 4096);
    CHECK(mincore(map, 4 * 4096, resident) == 0);
    CHECK((resident[0] & 1) && (resident[1] & 1) && (resident[3] & ~1) == 0);
    CHECK(munmap(map + 4096, 4096) == 0);
    CHECK_FAILS(mincore(map, 4 * 4096, resident), ENOMEM);
    CHECK_FAILS(mincore(map + 1, 4096, resident), EINVAL);
    puts("ok");
}
