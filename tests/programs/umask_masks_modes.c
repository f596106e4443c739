// umask returns the old mask and applies to files, directories and fifos.
#include "check.h"

static int mode_of(const char *path) {
    struct stat info;
    CHECK(lstat(path, &info) == 0);
    return info.st_mode & 07777;
}

int main(void) {
    umask(022);
    CHECK(umask(077) == 022 && umask(0137) == 077);
    CHECK(close(open("file", O_CREAT | O_WRONLY, 0777)) == 0);
    CHECK(mkdir("directory", 0777) == 0 && mkfifo("fifo", 0666) == 0);
    printf("%o %o %o\n", mode_of("file"), mode_of("directory"), mode_of("fifo"));
    umask(0);
    CHECK(close(open("open", O_CREAT | O_WRONLY, 0666)) == 0);
    printf("%o\n", mode_of("open"));
}
