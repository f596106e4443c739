// A handler that a timer's signal runs tells at which step of a computation it came: at the same instruction in every
// variant, so that all tell the same.
#include "seen.h"
#include <signal.h>
#include <sys/time.h>

enum { SIGNALS = 3, INTERVAL_US = 100000 };

static volatile sig_atomic_t came;

static void count(int number) {
    came += number == SIGALRM;
}

int main(void) {
    struct itimerval interval = {{0, INTERVAL_US}, {0, INTERVAL_US}};
    CHECK(signal(SIGALRM, count) != SIG_ERR && !setitimer(ITIMER_REAL, &interval, NULL));
    uint64_t value = 1;
    int seen = 0;
    for (unsigned long step = 0; seen < SIGNALS; step++) {
        value = scrambled(value);
        if (came != seen) {
            seen = came;
            printf("signal %d at step %lu, value %lx\n", seen, step, value);
        }
    }
}
