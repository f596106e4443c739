// After closing 0, 1 and 2 the next opens take these numbers.
#include "check.h"

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        close(0);
        close(1);
        close(2);
        int file = open("file", O_CREAT | O_RDWR, 0600);
        int ends[2];
        if (file != 0 || pipe(ends) != 0 || ends[0] != 1 || ends[1] != 2)
            _exit(1);
        char byte = 0;
        if (write(2, "x", 1) != 1 || read(1, &byte, 1) != 1 || byte != 'x')
            _exit(2);
        _exit(write(0, "zero", 4) == 4 ? 0 : 3);
    }
    CHECK(exit_code(child) == 0);
    char text[8] = "";
    CHECK(read(open("file", O_RDONLY), text, sizeof text) == 4);
    puts(text);
}
