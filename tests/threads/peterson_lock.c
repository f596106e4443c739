// Mutual exclusion by loads and stores only (Peterson); who waits spins without a call.
#include "seen.h"

static int wants[2], last, inside;

static void *work(void *argument) {
    int self = number(argument);
    for (int i = 0; i < 200; i++) {
        __atomic_store_n(&wants[self], 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(&last, self, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&wants[!self], __ATOMIC_SEQ_CST) &&
               __atomic_load_n(&last, __ATOMIC_SEQ_CST) == self)
            ;
        CHECK(inside++ == 0);
        note('a' + self);
        if (i % 100 == 50)
            usleep(100);
        CHECK(--inside == 0);
        __atomic_store_n(&wants[self], 0, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    run_threads(2, work);
    CHECK(seen_count == 400);
    show_seen();
}
