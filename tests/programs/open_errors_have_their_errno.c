// Each way open can fail has its own errno.
#include "check.h"

int main(void) {
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK(mkdir("directory", 0700) == 0);
    CHECK(close(open("file", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(symlink("file", "link") == 0);
    CHECK(symlink("loop", "loop") == 0);
    CHECK_FAILS(open("missing", O_RDONLY), ENOENT);
    CHECK_FAILS(open("", O_RDONLY), ENOENT);
    CHECK_FAILS(open("file/below", O_RDONLY), ENOTDIR);
    CHECK_FAILS(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_FAILS(open("directory", O_WRONLY), EISDIR);
    CHECK_FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_FAILS(open("loop", O_RDONLY), ELOOP);
    CHECK_FAILS(open(name, O_RDONLY), ENAMETOOLONG);
    CHECK_FAILS(openat(-1, "file", O_RDONLY), EBADF);
    puts("ok");
}
