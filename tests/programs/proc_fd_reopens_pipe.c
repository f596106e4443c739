// Opening /proc/self/fd/N of a pipe gives another descriptor of the same pipe.
#include "check.h"

int main(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    char path[64], text[8] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    int writer = open(path, O_WRONLY);
    CHECK(writer >= 0 && close(ends[1]) == 0);
    CHECK(write(writer, "again", 5) == 5 && close(writer) == 0);
    CHECK(read(ends[0], text, sizeof text) == 5 && read(ends[0], text + 5, 1) == 0);
    puts(text);
}
