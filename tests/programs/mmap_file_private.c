// A private file mapping shows the file; writing to it changes only the memory.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(ftruncate(fd, 8192) == 0 && pwrite(fd, "start", 5, 0) == 5);
    CHECK(pwrite(fd, "second page", 11, 4096) == 11);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED && memcmp(map, "start", 5) == 0 && map[100] == 0);
    char *second = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 4096);
    CHECK(second != MAP_FAILED && strcmp(second, "second page") == 0);
    memcpy(map, "STAMP", 5);
    CHECK(msync(map, 8192, MS_SYNC) == 0);
    char text[8] = "";
    CHECK(pread(fd, text, 5, 0) == 5 && strcmp(text, "start") == 0);
    CHECK(close(fd) == 0 && memcmp(map, "STAMP", 5) == 0);
    CHECK(munmap(map, 8192) == 0 && munmap(second, 4096) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 900, 0) == MAP_FAILED && errno == EBADF);
    puts(text);
}
