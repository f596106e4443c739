// A thread that computes sees at which of its steps another one changed what it looks at: it loses
// its turn at the same instruction in every variant.
#include "seen.h"
#include <time.h>

enum { CHANGES = 3, PAUSE_NS = 20000000 };

static volatile int changed;

static void *change(void *unused) {
    for (int count = 0; count < CHANGES; count++) {
        nanosleep(&(struct timespec){0, PAUSE_NS}, NULL);
        changed++;
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    CHECK(!pthread_create(&thread, NULL, change, NULL));
    uint64_t value = 1;
    int seen = 0;
    for (unsigned long step = 0; seen < CHANGES; step++) {
        value = scrambled(value);
        if (changed != seen) {
            seen = changed;
            printf("change %d seen at step %lu, value %lx\n", seen, step, value);
        }
    }
    CHECK(!pthread_join(thread, NULL));
}
