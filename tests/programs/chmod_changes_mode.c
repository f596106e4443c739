// chmod, fchmod and fchmodat set the permission bits exactly.
#include "check.h"

static int mode_of(const char *path) {
    struct stat info;
    CHECK(stat(path, &info) == 0);
    return info.st_mode & 07777;
}

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(chmod("file", 0751) == 0 && mode_of("file") == 0751);
    CHECK(fchmod(fd, 04700) == 0 && mode_of("file") == 04700);
    CHECK(fchmodat(AT_FDCWD, "file", 0400, 0) == 0 && mode_of("file") == 0400);
    CHECK(write(fd, "x", 1) == 1); // the descriptor keeps its right to write
    CHECK(mkdir("d", 0700) == 0 && chmod("d", 01777) == 0 && mode_of("d") == 01777);
    CHECK_FAILS(chmod("missing", 0600), ENOENT);
    CHECK(chown("file", geteuid(), (gid_t)-1) == 0 && fchown(fd, (uid_t)-1, getegid()) == 0);
    puts("ok");
}
