// pread and pwrite go where they are told and leave the file offset alone.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(lseek(fd, 4, SEEK_SET) == 4);
    char text[8] = "";
    CHECK(pread(fd, text, 3, 7) == 3 && memcmp(text, "789", 3) == 0);
    CHECK(pwrite(fd, "ab", 2, 1) == 2);
    CHECK(lseek(fd, 0, SEEK_CUR) == 4);
    CHECK(read(fd, text, 2) == 2 && memcmp(text, "45", 2) == 0);
    CHECK(pread(fd, text, 4, 0) == 4 && memcmp(text, "0ab3", 4) == 0);
    CHECK(pread(fd, text, 4, 100) == 0);
    CHECK_FAILS(pread(fd, text, 4, -1), EINVAL);
    puts("ok");
}
