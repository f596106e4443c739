// utimensat and futimens set times to the nanosecond, to now, or leave them.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct timespec times[2] = {{1000000000, 0}, {1234567890, 123456789}};
    struct stat info;
    CHECK(futimens(fd, times) == 0 && fstat(fd, &info) == 0);
    CHECK(info.st_atime == 1000000000 && info.st_mtime == 1234567890);
    long nanoseconds = info.st_mtim.tv_nsec;
    CHECK(nanoseconds == 123456789 || nanoseconds % 1000 == 0);
    times[0].tv_nsec = UTIME_OMIT;
    times[1].tv_nsec = UTIME_NOW;
    CHECK(utimensat(AT_FDCWD, "file", times, 0) == 0 && fstat(fd, &info) == 0);
    CHECK(info.st_atime == 1000000000 && info.st_mtime > 1500000000);
    times[0].tv_nsec = 2000000000;
    CHECK_FAILS(futimens(fd, times), EINVAL);
    CHECK(symlink("file", "link") == 0);
    times[0] = times[1] = (struct timespec){1100000000, 0};
    CHECK(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(lstat("link", &info) == 0 && info.st_mtime == 1100000000);
    puts("ok");
}
