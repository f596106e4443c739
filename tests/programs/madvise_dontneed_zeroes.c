// MADV_DONTNEED makes private anonymous memory zero, and a private file mapping the file again.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(ftruncate(fd, 4096) == 0 && pwrite(fd, "file", 4, 0) == 4);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED && copy != MAP_FAILED);
    memset(map, 'x', 8192);
    memcpy(copy, "COPY", 4);
    CHECK(madvise(map, 4096, MADV_DONTNEED) == 0 && map[0] == 0 && map[4095] == 0);
    CHECK(map[4096] == 'x');
    CHECK(madvise(copy, 4096, MADV_DONTNEED) == 0 && memcmp(copy, "file", 4) == 0);
    CHECK_FAILS(madvise(map + 1, 4096, MADV_DONTNEED), EINVAL);
    CHECK_FAILS(madvise(map, 4096, 9999), EINVAL);
    puts("ok");
}
