// _exit in a child leaves the parent's unflushed output to the parent, so it appears once.
#include "check.h"

int main(void) {
    static char buffer[4096];
    CHECK(setvbuf(stdout, buffer, _IOFBF, sizeof buffer) == 0);
    printf("written once, ");
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    CHECK(exit_code(child) == 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        printf("by the child, ");
        exit(0); // flushes the child's own copy
    }
    CHECK(exit_code(child) == 0);
    printf("by the parent\n");
}
