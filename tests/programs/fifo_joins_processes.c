// A FIFO joins two processes that open it by name; opening waits for the other side.
#include "check.h"

int main(void) {
    CHECK(mkfifo("fifo", 0600) == 0);
    CHECK_FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    pid_t child = fork();
    if (child == 0) {
        int fd = open("fifo", O_WRONLY);
        CHECK(fd >= 0 && write(fd, "through a name", 14) == 14);
        _exit(0);
    }
    int fd = open("fifo", O_RDONLY);
    struct stat info;
    CHECK(fd >= 0 && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode));
    char text[32] = "";
    CHECK(read(fd, text, sizeof text) == 14);
    CHECK(exit_code(child) == 0);
    CHECK(read(fd, text + 14, 1) == 0);
    puts(text);
}
