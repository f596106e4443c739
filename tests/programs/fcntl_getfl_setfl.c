// F_GETFL tells the access mode and status flags; F_SETFL changes only status flags.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    int flags = fcntl(fd, F_GETFL);
    CHECK((flags & O_ACCMODE) == O_WRONLY && !(flags & (O_CREAT | O_EXCL | O_CLOEXEC)));
    CHECK(fcntl(fd, F_SETFL, O_RDWR | O_APPEND | O_NONBLOCK) == 0);
    flags = fcntl(fd, F_GETFL);
    CHECK((flags & O_ACCMODE) == O_WRONLY && (flags & O_APPEND) && (flags & O_NONBLOCK));
    CHECK(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "def", 3) == 3);
    struct stat info;
    CHECK(fstat(fd, &info) == 0);
    CHECK_FAILS(fcntl(fd, 9999), EINVAL);
    printf("%d bytes\n", (int)info.st_size);
}
