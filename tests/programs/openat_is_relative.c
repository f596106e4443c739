// openat starts at its directory descriptor, wherever the process stands, even after a rename.
#include "check.h"

int main(void) {
    CHECK(mkdir("a", 0700) == 0 && mkdir("a/b", 0700) == 0);
    int folder = open("a/b", O_RDONLY | O_DIRECTORY);
    CHECK(rename("a", "c") == 0 && chdir("/") == 0);
    int fd = openat(folder, "../file", O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && write(fd, "found", 5) == 5);
    CHECK(fchdir(folder) == 0 && chdir("../..") == 0);
    char text[8] = "";
    CHECK(read(open("c/file", O_RDONLY), text, sizeof text) == 5);
    CHECK_FAILS(openat(fd, "x", O_RDONLY), ENOTDIR);
    int absolute = openat(-1, "/dev/null", O_RDONLY);
    CHECK(absolute >= 0);
    puts(text);
}
