// sendfile copies from a file to a pipe, by its own offset or the file's.
#include "check.h"
#include <sys/sendfile.h>

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), ends[2];
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(pipe(ends) == 0);
    off_t offset = 6;
    CHECK(sendfile(ends[1], fd, &offset, 100) == 4 && offset == 10);
    CHECK(lseek(fd, 2, SEEK_SET) == 2);
    CHECK(sendfile(ends[1], fd, NULL, 3) == 3);
    CHECK(lseek(fd, 0, SEEK_CUR) == 5);
    char text[16] = "";
    CHECK(read(ends[0], text, sizeof text) == 7);
    puts(text);
}
