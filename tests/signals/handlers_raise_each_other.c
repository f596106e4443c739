// Twelve handlers, each of which raises the next, nest twelve deep.
#include "signals.h"

static char order[64];

static void handle(int number) {
    int step = number - SIGRTMIN;
    order[strlen(order)] = (char)('a' + step);
    if (step < 11)
        CHECK(raise(number + 1) == 0);
    order[strlen(order)] = (char)('A' + step);
}

int main(void) {
    for (int i = 0; i < 12; i++)
        on(SIGRTMIN + i, handle, 0);
    CHECK(raise(SIGRTMIN) == 0);
    puts(order);
}
