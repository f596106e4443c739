// Over exec a marked descriptor is closed and an unmarked one stays, with its offset.
#include "check.h"

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        CHECK_FAILS(fcntl(60, F_GETFD), EBADF);
        CHECK_FAILS(fcntl(62, F_GETFD), EBADF);
        CHECK(lseek(61, 0, SEEK_CUR) == 4);
        CHECK(write(61, " and after", 10) == 10);
        puts("ok");
        return 0;
    }
    int fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    CHECK(write(fd, "kept", 4) == 4);
    CHECK(dup3(fd, 60, O_CLOEXEC) == 60 && dup2(fd, 61) == 61 && dup2(fd, 62) == 62);
    CHECK(fcntl(62, F_SETFD, FD_CLOEXEC) == 0 && fcntl(62, F_GETFD) == FD_CLOEXEC);
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    CHECK(!"exec");
}
