// A timer signal reaches a program that computes and makes no system call.
#include "check.h"
#include <sys/time.h>

static volatile sig_atomic_t fired;

static void handle(int number) {
    (void)number;
    fired = 1;
}

int main(void) {
    CHECK(signal(SIGALRM, handle) != SIG_ERR);
    struct itimerval once = {{0, 0}, {0, 15000}};
    for (int i = 0; i < 3; i++) {
        volatile uint64_t work = 0;
        fired = 0;
        CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
        while (!fired)
            work = work + 1;
        CHECK(work > 0);
    }
    puts("ok");
}
