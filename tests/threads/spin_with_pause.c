// Threads wait for their turn in a loop without any call.
#include "seen.h"

static int turn;

static void *work(void *argument) {
    for (int i = 0; i < 3; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) % 3 != number(argument))
            __builtin_ia32_pause();
        note('a' + number(argument));
        __atomic_add_fetch(&turn, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    run_threads(3, work);
    CHECK(turn == 9);
    show_seen();
}
