// Threads wait for their turn in a loop of sched_yield.
#include "seen.h"
#include <sched.h>

static int turn, yields;

static void *work(void *argument) {
    for (int i = 0; i < 40; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) % 4 != number(argument)) {
            __atomic_add_fetch(&yields, 1, __ATOMIC_SEQ_CST);
            sched_yield();
        }
        note('a' + number(argument));
        __atomic_add_fetch(&turn, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    run_threads(4, work);
    CHECK(turn == 160);
    for (unsigned i = 0; i < seen_count; i++)
        CHECK(seen[i] == (char)('a' + i % 4));
    show_seen();
    printf("%d yields\n", yields);
}
