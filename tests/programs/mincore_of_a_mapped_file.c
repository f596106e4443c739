// Which pages of a file that is mapped shared are in memory is the same for all who look.
#include "check.h"
#include <fcntl.h>
#include <sys/mman.h>

int main(void) {
    int file = open("pages", O_CREAT | O_RDWR | O_TRUNC, 0600);
    CHECK(file >= 0 && ftruncate(file, 64 * 4096) == 0);
    char *map = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    unsigned char resident[64];
    CHECK(map != MAP_FAILED && mincore(map, 64 * 4096, resident) == 0);
    int before = 0, after = 0;
    for (int i = 0; i < 64; i++) {
        before += resident[i] & 1;
    }
    map[40 * 4096] = 1;
    CHECK(mincore(map, 64 * 4096 - 1, resident) == 0 && resident[40] & 1);
    for (int i = 0; i < 64; i++) {
        after += resident[i] & 1;
    }
    CHECK(before < 64 && after >= 1);
    CHECK(unlink("pages") == 0);
    printf("%d %d\n", before, after);
}
