// Stores to a shared mapping of a file are seen by read and by a second mapping.
#include "check.h"
#include <sys/mman.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(ftruncate(fd, 8192) == 0);
    char *one = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *two = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(one != MAP_FAILED && two != MAP_FAILED && one != two);
    strcpy(one + 5000, "by store");
    CHECK(strcmp(two + 5000, "by store") == 0);
    char text[16] = "";
    CHECK(pread(fd, text, 8, 5000) == 8);
    CHECK(pwrite(fd, "by write", 8, 100) == 8 && memcmp(one + 100, "by write", 8) == 0);
    CHECK(msync(one, 8192, MS_SYNC) == 0 && munmap(one, 8192) == 0);
    CHECK(pread(open("file", O_RDONLY), text, 8, 5000) == 8);
    puts(text);
}
