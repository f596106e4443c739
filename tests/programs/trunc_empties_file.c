// O_TRUNC empties an existing file and keeps the descriptors that are open on it.
#include "check.h"

int main(void) {
    int old = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(old, "something", 9) == 9);
    int fd = open("file", O_WRONLY | O_TRUNC);
    CHECK(fd >= 0);
    struct stat info;
    CHECK(fstat(old, &info) == 0 && info.st_size == 0);
    CHECK(write(fd, "new", 3) == 3);
    char text[16];
    CHECK(pread(old, text, sizeof text, 0) == 3);
    CHECK(memcmp(text, "new", 3) == 0);
    puts("ok");
}
