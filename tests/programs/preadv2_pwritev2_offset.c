// preadv and pwritev use the offset given; with offset -1 the second versions use the file's own.
#include "check.h"
#include <sys/uio.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    struct iovec out[2] = {{"abc", 3}, {"defg", 4}};
    CHECK(pwritev(fd, out, 2, 5) == 7);
    CHECK(lseek(fd, 0, SEEK_CUR) == 0);
    char text[8] = "";
    struct iovec in[2] = {{text, 2}, {text + 2, 3}};
    CHECK(preadv(fd, in, 2, 5) == 5 && memcmp(text, "abcde", 5) == 0);
    CHECK(lseek(fd, 7, SEEK_SET) == 7);
    CHECK(preadv2(fd, in, 2, -1, 0) == 5 && memcmp(text, "cdefg", 5) == 0);
    CHECK(lseek(fd, 0, SEEK_CUR) == 12);
    CHECK(pwritev2(fd, out, 1, -1, 0) == 3);
    CHECK(lseek(fd, 0, SEEK_CUR) == 15);
    puts("ok");
}
