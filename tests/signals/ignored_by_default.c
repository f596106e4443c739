// SIGCHLD, SIGURG, SIGWINCH and SIGCONT do nothing without a handler, and interrupt nothing.
#include "signals.h"

int main(void) {
    int numbers[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT}, ends[2];
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(raise(numbers[i]) == 0);
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 4; i++)
            CHECK(kill(getppid(), numbers[i]) == 0);
        sleep_ms(20);
        for (int i = 0; i < 4; i++)
            CHECK(kill(getppid(), numbers[i]) == 0);
        CHECK(write(ends[1], "x", 1) == 1);
        _exit(0);
    }
    char byte;
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x' && exit_code(child) == 0);
    puts("ok");
}
