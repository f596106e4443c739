// mkdirat makes a directory below another; rmdir takes only empty ones.
#include "check.h"

int main(void) {
    umask(0);
    CHECK(mkdir("outer", 0750) == 0);
    int outer = open("outer", O_RDONLY | O_DIRECTORY);
    CHECK(mkdirat(outer, "inner", 0711) == 0);
    CHECK_FAILS(mkdirat(outer, "inner", 0711), EEXIST);
    CHECK_FAILS(mkdir("missing/inner", 0700), ENOENT);
    struct stat info;
    CHECK(stat("outer/inner", &info) == 0 && S_ISDIR(info.st_mode));
    CHECK((info.st_mode & 07777) == 0711);
    CHECK_FAILS(rmdir("outer"), ENOTEMPTY);
    CHECK(rmdir("outer/inner") == 0 && rmdir("outer") == 0);
    CHECK_FAILS(rmdir("outer"), ENOENT);
    CHECK_FAILS(mkdirat(outer, "late", 0700), ENOENT);
    puts("ok");
}
