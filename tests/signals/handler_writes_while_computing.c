// A handler that makes calls interrupts a computing program; its output comes whole and in order.
#include "signals.h"

static void handle(int number) {
    (void)number;
    if (counted < 60) {
        char line[16];
        int size = snprintf(line, sizeof line, "%d\n", (int)counted++);
        CHECK(write(1, line, (size_t)size) == size);
    }
}

int main(void) {
    on(SIGALRM, handle, 0);
    alarm_us(1000, 1000);
    volatile uint64_t work = 0;
    while (counted < 60)
        work++;
    alarm_us(0, 0);
}
