// Opening /proc/self/fd/N of a file starts a new offset, even when the name is gone.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "0123456789", 10) == 10 && unlink("file") == 0);
    char path[64], text[16] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY);
    CHECK(again >= 0 && lseek(again, 0, SEEK_CUR) == 0);
    CHECK(read(again, text, 4) == 4 && lseek(fd, 0, SEEK_CUR) == 10);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
    CHECK((again = open(path, O_RDONLY)) >= 0);
    CHECK(read(again, text + 4, 6) == 6);
    puts(text);
}
