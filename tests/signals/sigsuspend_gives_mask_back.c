// sigsuspend waits under its own mask, returns EINTR after the handler, and restores the mask.
#include "signals.h"

int main(void) {
    sigset_t mask, now;
    on(SIGALRM, count, SA_RESTART);
    on(SIGUSR1, count, 0);
    block(SIGALRM);
    block(SIGUSR1);
    CHECK(raise(SIGUSR1) == 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    for (int i = 1; i <= 10; i++) {
        alarm_us(i % 2 ? 1 : 2000, 0);
        CHECK(sigsuspend(&mask) == -1 && errno == EINTR && counted == i);
        CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGALRM));
        CHECK(sigismember(&now, SIGUSR1));
    }
    sigemptyset(&mask);
    CHECK(sigsuspend(&mask) == -1 && counted == 11);
    puts("ok");
}
