// A handler that raises another signal is interrupted by that signal's handler.
#include "check.h"

static char order[32];

static void outer(int number) {
    (void)number;
    strcat(order, "a");
    CHECK(raise(SIGUSR2) == 0);
    strcat(order, "b");
}

static void inner(int number) {
    (void)number;
    strcat(order, "c");
    CHECK(raise(SIGHUP) == 0);
    strcat(order, "d");
}

static void innermost(int number) {
    (void)number;
    char byte;
    int ends[2];
    CHECK(pipe(ends) == 0 && write(ends[1], "e", 1) == 1 && read(ends[0], &byte, 1) == 1);
    strncat(order, &byte, 1);
}

int main(void) {
    signal(SIGUSR1, outer);
    signal(SIGUSR2, inner);
    signal(SIGHUP, innermost);
    CHECK(raise(SIGUSR1) == 0);
    puts(order);
}
