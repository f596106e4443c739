// With SA_NODEFER a handler interrupts itself, as deep as it likes, also while a timer fires.
#include "signals.h"

static volatile int depth, deepest;

static void nest(int number) {
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (depth < 12)
        raise(number);
    depth--;
}

static volatile int inside, overlapped, ticks;

static void tick(int number) {
    (void)number;
    overlapped |= inside > 0;
    inside++;
    if (++ticks < 40)
        for (volatile int i = 0; i < 3000000 && inside < 3; i++)
            continue;
    inside--;
}

int main(void) {
    on(SIGUSR1, nest, SA_NODEFER);
    on(SIGRTMIN, nest, SA_NODEFER);
    raise(SIGUSR1);
    CHECK(deepest == 12 && depth == 0);
    deepest = 0;
    on(SIGALRM, tick, SA_NODEFER);
    alarm_us(1500, 1500);
    raise(SIGRTMIN);
    CHECK(deepest == 12 && depth == 0);
    while (ticks < 40)
        sleep_ms(1);
    alarm_us(0, 0);
    CHECK(inside == 0);
    puts("ok");
}
