// /dev/stdout, /dev/fd/1 and /proc/self/fd/1 open whatever descriptor 1 is.
#include "check.h"

int main(void) {
    int saved = dup(1), file = open("file", O_CREAT | O_RDWR | O_APPEND, 0600);
    CHECK(dup2(file, 1) == 1);
    const char *names[] = {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    for (int i = 0; i < 3; i++) {
        int fd = open(names[i], O_WRONLY | O_APPEND);
        CHECK(fd >= 0 && dprintf(fd, "%s\n", names[i]) > 0 && close(fd) == 0);
    }
    CHECK(dup2(saved, 1) == 1);
    char text[64] = "";
    CHECK(pread(file, text, sizeof text - 1, 0) > 0);
    fputs(text, stdout);
}
