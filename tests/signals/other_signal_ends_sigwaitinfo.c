// sigwaitinfo ends with EINTR when a handler for another signal has run.
#include "signals.h"

int main(void) {
    sigset_t set = only(SIGUSR1);
    siginfo_t info;
    on(SIGALRM, count, SA_RESTART);
    block(SIGUSR1);
    for (int i = 1; i <= 5; i++) {
        alarm_us(3000, 3000);
        CHECK_FAILS(sigwaitinfo(&set, &info), EINTR);
        CHECK(counted >= i);
    }
    alarm_us(0, 0);
    puts("ok");
}
