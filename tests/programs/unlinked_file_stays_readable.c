// A file without a name lives until its last descriptor is closed.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(unlink("file") == 0);
    CHECK(write(fd, "still here", 10) == 10);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size == 10);
    char text[16] = "", target[64] = "", path[64];
    CHECK(pread(fd, text, sizeof text, 0) == 10);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(readlink(path, target, sizeof target - 1) > 0);
    CHECK_FAILS(open("file", O_RDONLY), ENOENT);
    puts(text);
}
