// Two descriptors opened with O_APPEND never overwrite each other.
#include "check.h"

int main(void) {
    int one = open("log", O_CREAT | O_WRONLY | O_APPEND, 0600);
    int two = open("log", O_WRONLY | O_APPEND);
    CHECK(one >= 0 && two >= 0);
    for (int round = 0; round < 3; round++) {
        CHECK(write(one, "one ", 4) == 4);
        CHECK(lseek(two, 0, SEEK_SET) == 0);
        CHECK(write(two, "two ", 4) == 4);
    }
    char text[64] = "";
    int fd = open("log", O_RDONLY);
    CHECK(read(fd, text, sizeof text - 1) == 24);
    puts(text);
}
