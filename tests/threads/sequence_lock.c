// Readers repeat when the sequence number says that a writer was at work.
#include "seen.h"
#include <sched.h>

static unsigned sequence, first, second, repeats;

static void *work(void *argument) {
    for (int i = 0; i < 200; i++) {
        if (number(argument) == 0) {
            __atomic_add_fetch(&sequence, 1, __ATOMIC_SEQ_CST);
            __atomic_store_n(&first, i, __ATOMIC_SEQ_CST);
            if (i % 10 == 0)
                sched_yield();
            __atomic_store_n(&second, i, __ATOMIC_SEQ_CST);
            __atomic_add_fetch(&sequence, 1, __ATOMIC_SEQ_CST);
            if (i % 25 == 0)
                usleep(50);
            continue;
        }
        for (;;) {
            unsigned before = __atomic_load_n(&sequence, __ATOMIC_SEQ_CST);
            unsigned a = __atomic_load_n(&first, __ATOMIC_SEQ_CST);
            if (i % 20 == 0)
                sched_yield();
            unsigned b = __atomic_load_n(&second, __ATOMIC_SEQ_CST);
            if (before % 2 == 0 && before == __atomic_load_n(&sequence, __ATOMIC_SEQ_CST)) {
                CHECK(a == b);
                break;
            }
            __atomic_add_fetch(&repeats, 1, __ATOMIC_SEQ_CST);
            sched_yield();
        }
        if (i % 20 == 0)
            note('a' + number(argument));
    }
    return NULL;
}

int main(void) {
    run_threads(4, work);
    CHECK(sequence == 400);
    show_seen();
    printf("repeats: %u\n", repeats);
}
