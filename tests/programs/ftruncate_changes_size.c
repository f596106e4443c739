// ftruncate shortens, and lengthens with zeros; truncate does the same by name.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(ftruncate(fd, 4) == 0);
    CHECK(ftruncate(fd, 8) == 0);
    char text[16];
    CHECK(pread(fd, text, sizeof text, 0) == 8);
    CHECK(memcmp(text, "0123\0\0\0\0", 8) == 0);
    CHECK(truncate("file", 2) == 0);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_size == 2);
    CHECK_FAILS(ftruncate(fd, -1), EINVAL);
    CHECK_FAILS(truncate("missing", 1), ENOENT);
    puts("ok");
}
