// realpath resolves links and dots to one absolute name.
#include "check.h"

int main(void) {
    char cwd[2048];
    CHECK(getcwd(cwd, sizeof cwd));
    CHECK(mkdir("a", 0700) == 0 && mkdir("a/b", 0700) == 0 && symlink("a/b", "short") == 0);
    CHECK(symlink("../../file", "a/b/up") == 0);
    CHECK(close(open("file", O_CREAT | O_WRONLY, 0600)) == 0);
    char *path = realpath("./short/../b/up", NULL), *here = realpath(".", NULL);
    CHECK(path && here && strcmp(here, cwd) == 0);
    CHECK(strncmp(path, here, strlen(here)) == 0);
    puts(path + strlen(here));
    CHECK(!realpath("short/missing/x", NULL) && errno == ENOENT);
    free(path);
    free(here);
}
