// statx tells what stat tells; where it is missing the C library falls back.
#include "check.h"
#include <sys/sysmacros.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0640);
    CHECK(write(fd, "12345", 5) == 5 && link("file", "other") == 0);
    struct stat info;
    struct statx more;
    CHECK(fstat(fd, &info) == 0);
    CHECK(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &more) == 0);
    CHECK((more.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
    CHECK(more.stx_size == 5 && more.stx_nlink == 2 && more.stx_mode == info.st_mode);
    CHECK(more.stx_ino == info.st_ino && more.stx_uid == info.st_uid);
    CHECK(more.stx_dev_major == major(info.st_dev) && more.stx_dev_minor == minor(info.st_dev));
    CHECK(more.stx_mtime.tv_sec == info.st_mtime);
    CHECK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &more) == 0 && more.stx_size == 5);
    CHECK_FAILS(statx(AT_FDCWD, "missing", 0, STATX_SIZE, &more), ENOENT);
    puts("ok");
}
