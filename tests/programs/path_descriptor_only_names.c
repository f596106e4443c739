// An O_PATH descriptor names a file for fstat and the *at calls but cannot be read.
#include "check.h"

int main(void) {
    CHECK(mkdir("directory", 0700) == 0);
    int folder = open("directory", O_PATH | O_DIRECTORY);
    int fd = openat(folder, "file", O_CREAT | O_RDWR, 0600);
    CHECK(folder >= 0 && fd >= 0 && write(fd, "text", 4) == 4);
    int path = open("directory/file", O_PATH);
    char byte;
    struct stat info;
    CHECK_FAILS(read(path, &byte, 1), EBADF);
    CHECK_FAILS(fchmod(path, 0644), EBADF);
    CHECK(fstat(path, &info) == 0 && info.st_size == 4);
    CHECK(fcntl(path, F_GETFL) & O_PATH);
    CHECK(fstatat(path, "", &info, AT_EMPTY_PATH) == 0 && info.st_size == 4);
    CHECK(fchdir(folder) == 0 && access("file", R_OK) == 0);
    puts("ok");
}
