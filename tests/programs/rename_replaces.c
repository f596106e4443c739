// rename replaces a file in one step, moves directories, and refuses the impossible.
#include "check.h"

int main(void) {
    struct stat old, moved;
    CHECK(close(open("one", O_CREAT | O_WRONLY, 0600)) == 0 && stat("one", &old) == 0);
    CHECK(close(open("two", O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(rename("one", "two") == 0 && stat("two", &moved) == 0);
    CHECK(old.st_ino == moved.st_ino && access("one", F_OK) == -1);
    CHECK(mkdir("d", 0700) == 0 && mkdir("d/e", 0700) == 0 && mkdir("f", 0700) == 0);
    CHECK_FAILS(rename("two", "d"), EISDIR);
    CHECK_FAILS(rename("d", "two"), ENOTDIR);
    CHECK_FAILS(rename("d", "d/e/g"), EINVAL);
    CHECK(rename("f", "d") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
    CHECK(rename("d", "f") == 0 && access("f/e", F_OK) == 0);
    CHECK_FAILS(rename("missing", "x"), ENOENT);
    puts("ok");
}
