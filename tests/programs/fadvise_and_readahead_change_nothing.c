// Advice on a file is accepted and its contents stay.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "unchanged", 9) == 9);
    int advice = posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    CHECK(advice == 0 || advice == ENOSYS);
    CHECK(readahead(fd, 0, 4096) == 0 || errno == ENOSYS);
    char text[16] = "";
    CHECK(pread(fd, text, sizeof text, 0) == 9);
    int ends[2];
    CHECK(pipe(ends) == 0);
    advice = posix_fadvise(ends[0], 0, 0, POSIX_FADV_NORMAL);
    CHECK(advice == ESPIPE || advice == ENOSYS);
    puts(text);
}
