// The working directory and the umask of a child are its own.
#include "check.h"

int main(void) {
    umask(022);
    char before[2048], after[2048];
    CHECK(getcwd(before, sizeof before));
    pid_t child = fork();
    if (child == 0) {
        CHECK(getcwd(after, sizeof after) && strcmp(before, after) == 0);
        CHECK(umask(077) == 022 && chdir("/") == 0);
        _exit(0);
    }
    CHECK(exit_code(child) == 0);
    CHECK(getcwd(after, sizeof after) && strcmp(before, after) == 0);
    CHECK(umask(0) == 022);
    puts("ok");
}
