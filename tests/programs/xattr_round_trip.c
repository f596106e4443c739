// Extended attributes are set, listed, read and removed, if the file system has them.
#include "check.h"
#include <sys/xattr.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    if (setxattr("file", "user.colour", "blue", 4, XATTR_CREATE) != 0) {
        CHECK(errno == EOPNOTSUPP || errno == ENOSYS);
        puts("ok");
        return 0;
    }
    char value[16] = "", names[256] = "";
    CHECK(getxattr("file", "user.colour", value, sizeof value) == 4);
    CHECK(strcmp(value, "blue") == 0);
    CHECK(fgetxattr(fd, "user.colour", NULL, 0) == 4);
    CHECK_FAILS(setxattr("file", "user.colour", "red", 3, XATTR_CREATE), EEXIST);
    CHECK(fsetxattr(fd, "user.colour", "red", 3, XATTR_REPLACE) == 0);
    CHECK(listxattr("file", names, sizeof names) >= 12);
    CHECK_FAILS(getxattr("file", "user.colour", value, 1), ERANGE);
    CHECK(removexattr("file", "user.colour") == 0);
    CHECK_FAILS(getxattr("file", "user.colour", value, sizeof value), ENODATA);
    puts("ok");
}
