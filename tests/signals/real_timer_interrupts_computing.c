// A real timer of 1 ms fires again and again while the program computes.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, 0);
    alarm_us(1000, 1000);
    volatile uint64_t work = 0;
    while (counted < 100)
        work++;
    alarm_us(0, 0);
    puts("ok");
}
