// A timer that fires more often than its signals can be delivered does not keep the program from its work.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, SA_RESTART);
    alarm_us(50, 50);
    volatile uint64_t sum = 0;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 100000; i++)
            sum += i;
        CHECK(getppid() > 0);
    }
    alarm_us(0, 0);
    CHECK(counted > 0 && sum == 40ull * 4999950000);
    puts("ok");
}
