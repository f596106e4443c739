// stat follows a symbolic link, lstat and readlink do not; readlink cuts without a zero.
#include "check.h"

int main(void) {
    int fd = open("target", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "12345", 5) == 5 && symlink("target", "name") == 0);
    struct stat info;
    CHECK(stat("name", &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 5);
    CHECK(lstat("name", &info) == 0 && S_ISLNK(info.st_mode) && info.st_size == 6);
    char text[16] = "................";
    CHECK(readlink("name", text, 4) == 4 && memcmp(text, "targ.", 5) == 0);
    CHECK(readlinkat(AT_FDCWD, "name", text, sizeof text) == 6 && text[6] == '.');
    CHECK_FAILS(readlink("target", text, sizeof text), EINVAL);
    CHECK(unlink("target") == 0);
    CHECK_FAILS(stat("name", &info), ENOENT);
    CHECK(lstat("name", &info) == 0);
    printf("%.6s\n", text);
}
