// O_DIRECT: buffer, offset and length have to be aligned, in writes as in reads.
#include "check.h"

enum { BLOCK = 4096, BLOCKS = 4 };

int main(void) {
    char *block;
    CHECK(posix_memalign((void **)&block, BLOCK, BLOCK) == 0);
    int file = open("direct", O_RDWR | O_CREAT | O_DIRECT, 0600);
    if (file < 0) {
        puts("no O_DIRECT here");
        return 0;
    }
    for (int i = 0; i < BLOCKS; i++) {
        memset(block, 'a' + i, BLOCK);
        CHECK((i % 2 ? pwrite(file, block, BLOCK, (off_t)i * BLOCK) : write(file, block, BLOCK)) == BLOCK);
        CHECK(lseek(file, (off_t)(i + 1) * BLOCK, SEEK_SET) == (i + 1) * BLOCK);
    }
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(pread(file, block, BLOCK, (off_t)i * BLOCK) == BLOCK);
        CHECK(block[0] == 'a' + i && block[BLOCK - 1] == 'a' + i);
    }
    CHECK(pwrite(file, block, BLOCK, 1) == -1 && errno == EINVAL);
    puts("done");
    return 0;
}
