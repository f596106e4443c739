// One write of 1 MiB to a file and one read of it transfer everything.
#include "check.h"

enum { SIZE = 1 << 20 };

int main(void) {
    uint32_t *out = malloc(SIZE), *in = malloc(SIZE);
    CHECK(out && in);
    uint32_t sum = 0;
    for (uint32_t i = 0; i < SIZE / 4; i++)
        out[i] = i * 2654435761u;
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, out, SIZE) == SIZE);
    CHECK(pread(fd, in, SIZE, 0) == SIZE);
    for (uint32_t i = 0; i < SIZE / 4; i++)
        sum ^= in[i];
    CHECK(memcmp(in, out, SIZE) == 0);
    printf("%08x\n", sum);
    free(in);
    free(out);
}
