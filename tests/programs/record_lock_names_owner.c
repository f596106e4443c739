// A record lock keeps another process out, and F_GETLK names its owner.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    pid_t child = fork();
    if (child == 0) {
        struct flock wanted = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 15};
        CHECK(fcntl(fd, F_SETLK, &wanted) == -1 && (errno == EAGAIN || errno == EACCES));
        CHECK(fcntl(fd, F_GETLK, &wanted) == 0);
        CHECK(wanted.l_type == F_WRLCK && wanted.l_pid == getppid());
        CHECK(wanted.l_start == 10 && wanted.l_len == 20);
        wanted = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
        CHECK(fcntl(fd, F_SETLK, &wanted) == 0);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    puts("ok");
}
