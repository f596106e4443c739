// getitimer and setitimer tell what is left; the three timers are independent of each other.
#include "signals.h"

int main(void) {
    int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
    struct itimerval timer = {{7, 0}, {600, 0}}, now;
    for (int i = 0; i < 3; i++) {
        timer.it_value.tv_sec = 600 + 100 * i;
        CHECK(setitimer(kinds[i], &timer, NULL) == 0);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(getitimer(kinds[i], &now) == 0 && now.it_interval.tv_sec == 7);
        CHECK(now.it_value.tv_sec >= 500 + 100 * i && now.it_value.tv_sec <= 600 + 100 * i);
        CHECK(setitimer(kinds[i], &(struct itimerval){0}, &now) == 0 &&
              now.it_interval.tv_sec == 7);
        CHECK(getitimer(kinds[i], &now) == 0 && !now.it_value.tv_sec && !now.it_value.tv_usec);
    }
    puts("ok");
}
