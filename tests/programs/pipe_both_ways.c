// Parent and child take turns over two pipes for 200 rounds.
#include "check.h"

int main(void) {
    int down[2], up[2];
    CHECK(pipe(down) == 0 && pipe(up) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(close(down[1]) == 0 && close(up[0]) == 0);
        uint32_t number;
        while (read(down[0], &number, sizeof number) == sizeof number) {
            number = number * 3 + 1;
            CHECK(write(up[1], &number, sizeof number) == sizeof number);
        }
        _exit(0);
    }
    uint32_t number = 1;
    for (int round = 0; round < 200; round++) {
        CHECK(write(down[1], &number, sizeof number) == sizeof number);
        CHECK(read(up[0], &number, sizeof number) == sizeof number);
    }
    CHECK(close(down[1]) == 0 && exit_code(child) == 0);
    printf("%u\n", number);
}
