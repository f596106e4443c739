// alarm returns what was left of the former one; 0 takes it back.
#include "signals.h"

int main(void) {
    on(SIGALRM, count, 0);
    CHECK(alarm(1000) == 0);
    unsigned left = alarm(50);
    CHECK(left == 1000 || left == 999);
    left = alarm(0);
    CHECK((left == 50 || left == 49) && alarm(0) == 0);
    alarm_us(1500, 1500);
    CHECK(pause() == -1 && errno == EINTR && counted >= 1);
    alarm_us(0, 0);
    puts("ok");
}
