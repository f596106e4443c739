// O_TMPFILE gives a file without a name (where the file system knows it); linkat names it.
#include "check.h"

int main(void) {
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0) {
        CHECK(errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
        puts("ok");
        return 0;
    }
    CHECK(write(fd, "hidden", 6) == 6);
    struct stat info;
    CHECK(fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size == 6);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    CHECK(stat("named", &info) == 0 && info.st_nlink == 1 && info.st_size == 6);
    puts("ok");
}
