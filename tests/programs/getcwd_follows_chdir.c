// getcwd, chdir, fchdir and /proc/self/cwd agree; a short buffer is ERANGE.
#include "check.h"

int main(void) {
    char start[2048], now[4096], link[4096] = "", small[2];
    CHECK(getcwd(start, sizeof start));
    int back = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(mkdir("down", 0700) == 0 && chdir("down") == 0);
    CHECK(getcwd(now, sizeof now) && strncmp(now, start, strlen(start)) == 0);
    CHECK(strcmp(now + strlen(start), "/down") == 0);
    CHECK(readlink("/proc/self/cwd", link, sizeof link - 1) > 0 && strcmp(link, now) == 0);
    CHECK(!getcwd(small, sizeof small) && errno == ERANGE);
    CHECK(fchdir(back) == 0 && getcwd(now, sizeof now) && strcmp(now, start) == 0);
    CHECK_FAILS(chdir("missing"), ENOENT);
    CHECK(chdir("/") == 0 && getcwd(now, sizeof now));
    puts(now);
}
