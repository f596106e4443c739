// openat2(RESOLVE_BENEATH) refuses to leave the directory; a program may have to do without it.
#include "check.h"
#include <linux/openat2.h>
#include <sys/syscall.h>

static int open_beneath(const char *path) {
    struct open_how how = {.flags = O_RDONLY, .resolve = RESOLVE_BENEATH};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

int main(void) {
    CHECK(mkdir("inside", 0700) == 0);
    CHECK(close(open("inside/file", O_CREAT | O_WRONLY, 0600)) == 0);
    int fd = open_beneath("inside/file");
    if (fd < 0) {
        CHECK(errno == ENOSYS);
        fd = open("inside/file", O_RDONLY);
    } else {
        CHECK_FAILS(open_beneath("../etc"), EXDEV);
        CHECK_FAILS(open_beneath("/etc"), EXDEV);
    }
    CHECK(fd >= 0);
    puts("ok");
}
