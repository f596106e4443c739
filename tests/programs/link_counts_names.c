// A hard link is the same file under another name.
#include "check.h"

int main(void) {
    int fd = open("one", O_CREAT | O_RDWR, 0600);
    struct stat first, second;
    CHECK(link("one", "two") == 0 && stat("one", &first) == 0 && stat("two", &second) == 0);
    CHECK(first.st_ino == second.st_ino && first.st_dev == second.st_dev);
    CHECK(first.st_nlink == 2);
    CHECK_FAILS(link("one", "two"), EEXIST);
    CHECK(mkdir("d", 0700) == 0);
    CHECK_FAILS(link("d", "e"), EPERM);
    CHECK(unlink("one") == 0 && fstat(fd, &first) == 0 && first.st_nlink == 1);
    CHECK(symlink("two", "s") == 0 && linkat(AT_FDCWD, "s", AT_FDCWD, "t", 0) == 0);
    CHECK(lstat("t", &first) == 0 && S_ISLNK(first.st_mode));
    puts("ok");
}
