// renameat2 can refuse to replace, and can exchange two names.
#include "check.h"

int main(void) {
    int one = open("one", O_CREAT | O_RDWR, 0600), two = open("two", O_CREAT | O_RDWR, 0600);
    CHECK(write(one, "1", 1) == 1 && write(two, "22", 2) == 2);
    struct stat info;
    CHECK(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_NOREPLACE) == -1);
    if (errno != EEXIST) {
        CHECK(errno == EINVAL || errno == ENOSYS);
    } else {
        CHECK(renameat2(AT_FDCWD, "one", AT_FDCWD, "two", RENAME_EXCHANGE) == 0);
        CHECK(stat("one", &info) == 0 && info.st_size == 2);
        CHECK(stat("two", &info) == 0 && info.st_size == 1);
        CHECK(renameat2(AT_FDCWD, "one", AT_FDCWD, "three", RENAME_NOREPLACE) == 0);
        CHECK_FAILS(access("one", F_OK), ENOENT);
    }
    puts("ok");
}
