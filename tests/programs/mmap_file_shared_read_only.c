// A shared read-only mapping shows later writes to the file.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), reader = open("file", O_RDONLY);
    CHECK(ftruncate(fd, 4096) == 0 && pwrite(fd, "before", 6, 0) == 6);
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, reader, 0);
    CHECK(map != MAP_FAILED && strcmp(map, "before") == 0);
    CHECK(pwrite(fd, "after!", 6, 0) == 6);
    CHECK(strcmp(map, "after!") == 0);
    CHECK_FAILS(mprotect(map, 4096, PROT_READ | PROT_WRITE), EACCES);
    CHECK(mmap(NULL, 1, PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED && errno == EACCES);
    puts(map);
}
