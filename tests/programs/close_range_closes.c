// close_range closes a range, or marks it close-on-exec; without it a loop of close does.
#include "check.h"

int main(void) {
    int null = open("/dev/null", O_RDWR);
    for (int fd = 100; fd < 110; fd++)
        CHECK(dup2(null, fd) == fd);
    if (close_range(102, 105, 0) != 0) {
        CHECK(errno == ENOSYS);
        for (int fd = 102; fd <= 105; fd++)
            CHECK(close(fd) == 0);
    }
    for (int fd = 100; fd < 110; fd++)
        CHECK((fcntl(fd, F_GETFD) == 0) == (fd < 102 || fd > 105));
    if (close_range(106, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        CHECK(fcntl(106, F_GETFD) == FD_CLOEXEC && fcntl(101, F_GETFD) == 0);
    puts("ok");
}
