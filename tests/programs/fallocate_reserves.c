// fallocate lengthens a file with zeros; with KEEP_SIZE the size stays.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(posix_fallocate(fd, 0, 10000) == 0);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_size == 10000 && info.st_blocks > 0);
    char byte = 1;
    CHECK(pread(fd, &byte, 1, 9999) == 1 && byte == 0);
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 10000, 10000) != 0)
        CHECK(errno == EOPNOTSUPP);
    CHECK(fstat(fd, &info) == 0 && info.st_size == 10000);
    CHECK(posix_fallocate(fd, -1, 10) == EINVAL);
    puts("ok");
}
