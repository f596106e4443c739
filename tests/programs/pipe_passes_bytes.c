// What goes into a pipe comes out in order, and the end comes when the last writer closes.
#include "check.h"

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(close(ends[0]) == 0);
        for (int i = 0; i < 10; i++)
            CHECK(dprintf(ends[1], "%d,", i) == 2);
        _exit(0);
    }
    CHECK(close(ends[1]) == 0);
    char text[64] = "";
    size_t used = 0;
    for (ssize_t count; (count = read(ends[0], text + used, 7)) > 0;)
        used += (size_t)count;
    CHECK(exit_code(child) == 0);
    puts(text);
}
