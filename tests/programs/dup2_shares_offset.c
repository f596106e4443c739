// A duplicate shares the offset and the status flags, not the close-on-exec flag.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    CHECK(dup2(fd, 50) == 50);
    CHECK(write(fd, "abc", 3) == 3 && write(50, "def", 3) == 3);
    CHECK(lseek(fd, 0, SEEK_CUR) == 6);
    CHECK(lseek(50, 1, SEEK_SET) == 1);
    char text[8] = "";
    CHECK(read(fd, text, sizeof text) == 5);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(50, F_GETFD) == 0);
    CHECK(fcntl(50, F_SETFL, O_APPEND) == 0 && (fcntl(fd, F_GETFL) & O_APPEND));
    CHECK(close(fd) == 0 && lseek(50, 0, SEEK_CUR) == 6);
    puts(text);
}
