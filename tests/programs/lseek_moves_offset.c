// lseek counts from the start, the offset and the end, may pass the end, and refuses pipes.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(lseek(fd, -3, SEEK_END) == 7);
    CHECK(lseek(fd, -2, SEEK_CUR) == 5);
    CHECK_FAILS(lseek(fd, -6, SEEK_CUR), EINVAL);
    CHECK(lseek(fd, 20, SEEK_SET) == 20);
    CHECK(write(fd, "x", 1) == 1);
    char text[32];
    CHECK(pread(fd, text, sizeof text, 0) == 21);
    CHECK(text[9] == '9' && text[10] == 0 && text[19] == 0 && text[20] == 'x');
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_FAILS(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
    puts("ok");
}
