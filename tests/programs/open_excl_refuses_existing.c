// O_CREAT|O_EXCL succeeds once, then fails with EEXIST, on a dangling symbolic link too.
#include "check.h"

int main(void) {
    int fd = open("lock", O_CREAT | O_EXCL | O_RDWR, 0600);
    CHECK(fd >= 0);
    CHECK_FAILS(open("lock", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK(unlink("lock") == 0);
    CHECK(symlink("nowhere", "lock") == 0);
    CHECK_FAILS(open("lock", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
    CHECK_FAILS(access("nowhere", F_OK), ENOENT);
    CHECK(close(fd) == 0);
    puts("ok");
}
