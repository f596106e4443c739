// open(O_CREAT) applies the mode less the umask, and the new file is empty.
#include "check.h"

int main(void) {
    umask(027);
    int fd = open("file", O_CREAT | O_WRONLY, 0666);
    CHECK(fd >= 0);
    struct stat info;
    CHECK(fstat(fd, &info) == 0);
    CHECK(S_ISREG(info.st_mode) && (info.st_mode & 07777) == 0640);
    CHECK(info.st_size == 0 && info.st_nlink == 1);
    CHECK(info.st_uid == geteuid());
    CHECK(close(fd) == 0);
    puts("ok");
}
