// Memory after fork is a copy: 4 MiB written by parent and child do not mix.
#include "check.h"

enum { SIZE = 4 << 20 };
static char bytes[SIZE];

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    memset(bytes, 'o', SIZE);
    pid_t child = fork();
    if (child == 0) {
        char go;
        CHECK(read(ends[0], &go, 1) == 1);
        for (int i = 0; i < SIZE; i += 64)
            CHECK(bytes[i] == 'o');
        memset(bytes, 'c', SIZE);
        _exit(0);
    }
    memset(bytes, 'p', SIZE);
    CHECK(write(ends[1], "g", 1) == 1);
    CHECK(exit_code(child) == 0);
    for (int i = 0; i < SIZE; i += 64)
        CHECK(bytes[i] == 'p');
    puts("ok");
}
