// Ten children live at the same time; each is waited for by its own number.
#include "check.h"

int main(void) {
    int gate[2], up[10][2];
    pid_t children[10];
    CHECK(pipe(gate) == 0);
    for (int i = 0; i < 10; i++) {
        CHECK(pipe(up[i]) == 0);
        if ((children[i] = fork()) == 0) {
            char byte;
            CHECK(close(gate[1]) == 0 && read(gate[0], &byte, 1) == 0);
            CHECK(dprintf(up[i][1], "child %d", i) == 7);
            _exit(i + 100);
        }
    }
    CHECK(close(gate[1]) == 0); // all start now
    for (int i = 9; i >= 0; i--) {
        char text[16] = "";
        CHECK(exit_code(children[i]) == i + 100);
        CHECK(read(up[i][0], text, sizeof text) == 7);
        puts(text);
    }
}
