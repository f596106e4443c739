// FUTEX_REQUEUE and FUTEX_CMP_REQUEUE move waiters to another word.
#include "futex.h"

static unsigned first, second, ready;

static void *work(void *argument) {
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    CHECK(wait_while(&first, 0) == 0);
    note('a' + number(argument));
    return NULL;
}

int main(void) {
    pthread_t threads[6];
    for (intptr_t i = 0; i < 6; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    wait_until(&ready, 6);
    CHECK(futex(&first, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)5L, &second, 7) == -1);
    CHECK(errno == EAGAIN);
    long woken = 0, moved = 0; // those that sleep by now
    for (int round = 0; woken + moved < 6; round++) {
        long done = round % 2 ? futex(&first, FUTEX_REQUEUE_PRIVATE, 0, (void *)1L, &second, 0)
                              : futex(&first, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1L, &second, 0);
        CHECK(done >= 0 && done <= 2);
        if (round % 2)
            moved += done;
        else {
            woken += done > 0;
            moved += done > 1;
        }
        if (!done)
            usleep(200);
    }
    note('|');
    CHECK(wake(&first, INT_MAX) == 0);
    long left = moved;
    while (left) {
        CHECK(wake(&second, 1) == 1);
        left--;
    }
    CHECK(wake(&second, 1) == 0);
    for (int i = 0; i < 6; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    show_seen();
    printf("%ld woken, %ld moved\n", woken, moved);
}
