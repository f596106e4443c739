// FUTEX_WAKE_BITSET wakes only who waits for one of its bits, in the order in which they came.
#include "futex.h"

static unsigned word, ready;

static void *work(void *argument) {
    unsigned bits = 1U << number(argument) % 3;
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    CHECK(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, bits) == 0);
    note('a' + number(argument));
    return NULL;
}

int main(void) {
    pthread_t threads[9];
    CHECK(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EINVAL);
    CHECK(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0) == -1 && errno == EINVAL);
    for (intptr_t i = 0; i < 9; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    wait_until(&ready, 9);
    for (unsigned bit = 0; bit < 3; bit++) {
        for (long left = 3; left;) {
            long woken = futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 2, NULL, NULL, 1U << bit);
            CHECK(woken >= 0 && woken <= 2);
            left -= woken;
            if (!woken)
                usleep(200);
        }
        note('0' + (int)bit);
    }
    for (int i = 0; i < 9; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(wake(&word, INT_MAX) == 0);
    show_seen();
}
