// glob finds names by pattern in sorted order.
#include "check.h"
#include <glob.h>

int main(void) {
    const char *names[] = {"beta.c", "alpha.c", "gamma.h", ".hidden.c"};
    for (int i = 0; i < 4; i++)
        CHECK(close(open(names[i], O_CREAT | O_WRONLY, 0600)) == 0);
    glob_t found;
    CHECK(glob("*.c", 0, NULL, &found) == 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        puts(found.gl_pathv[i]);
    globfree(&found);
    CHECK(glob("*.none", 0, NULL, &found) == GLOB_NOMATCH);
}
