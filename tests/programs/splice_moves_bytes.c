// splice moves bytes from a file through a pipe into another file.
#include "check.h"

int main(void) {
    int from = open("from", O_CREAT | O_RDWR, 0600), to = open("to", O_CREAT | O_RDWR, 0600);
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(write(from, "through a pipe", 14) == 14);
    off_t offset = 8;
    CHECK(splice(from, &offset, ends[1], NULL, 100, 0) == 6 && offset == 14);
    CHECK(splice(ends[0], NULL, to, NULL, 6, 0) == 6);
    CHECK(lseek(to, 0, SEEK_CUR) == 6);
    char text[16] = "";
    CHECK(pread(to, text, sizeof text, 0) == 6);
    puts(text);
    CHECK_FAILS(splice(from, NULL, to, NULL, 1, 0), EINVAL);
}
