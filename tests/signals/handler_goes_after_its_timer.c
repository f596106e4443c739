// A timer is disarmed, then its signal gets its deadly default back: what the timer had sent came before that.
#include "signals.h"

int main(void) {
    for (int round = 0; round < 20; round++) {
        on(SIGALRM, count, SA_RESTART);
        alarm_us(500, 500);
        for (int i = 0; i < 200; i++) {
            for (volatile int spin = 0; spin < 50000; spin++)
                ;
            CHECK(getppid() >= 0);
        }
        alarm_us(0, 0);
        on(SIGALRM, SIG_DFL, 0);
        for (volatile int spin = 0; spin < 100000; spin++)
            ;
    }
    CHECK(counted > 0);
    puts("ok");
}
