// SEEK_DATA and SEEK_HOLE agree with the data written; a file system may report no holes.
#include "check.h"

int main(void) {
    const off_t data_at = 1 << 20;
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(pwrite(fd, "data", 4, data_at) == 4);
    off_t end = data_at + 4;
    off_t data = lseek(fd, 0, SEEK_DATA);
    CHECK(data == 0 || data == data_at);
    off_t hole = lseek(fd, 0, SEEK_HOLE);
    CHECK(hole == 0 || hole == end);
    CHECK((data == data_at) == (hole == 0));
    CHECK(lseek(fd, data_at, SEEK_HOLE) == end);
    CHECK_FAILS(lseek(fd, end, SEEK_DATA), ENXIO);
    puts("ok");
}
