// unlinkat removes files, and directories only with AT_REMOVEDIR.
#include "check.h"

int main(void) {
    CHECK(mkdir("d", 0700) == 0);
    int folder = open("d", O_RDONLY | O_DIRECTORY);
    CHECK(close(openat(folder, "file", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(mkdirat(folder, "inner", 0700) == 0);
    CHECK_FAILS(unlinkat(folder, "inner", 0), EISDIR);
    CHECK_FAILS(unlinkat(folder, "file", AT_REMOVEDIR), ENOTDIR);
    CHECK_FAILS(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR), ENOTEMPTY);
    CHECK(unlinkat(folder, "file", 0) == 0);
    CHECK(unlinkat(folder, "inner", AT_REMOVEDIR) == 0);
    CHECK(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR) == 0);
    CHECK_FAILS(unlinkat(folder, "file", 0), ENOENT);
    puts("ok");
}
