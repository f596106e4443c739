// FUTEX_WAIT sleeps only while the word has the value; FUTEX_WAKE says how many it woke.
#include "futex.h"

static unsigned word, ready, done;

static void *work(void *argument) {
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    long result = wait_while(&word, 0);
    CHECK(result == 0 || (result == -1 && errno == EAGAIN));
    note((result ? 'A' : 'a') + number(argument));
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void) {
    pthread_t threads[5];
    long woken = 0;
    CHECK(wait_while(&word, 1) == -1 && errno == EAGAIN);
    CHECK(wake(&word, 1) == 0);
    for (intptr_t i = 0; i < 5; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    wait_until(&ready, 5);
    for (int i = 0; i < 3; i++) {
        long result = wake(&word, 1);
        CHECK(result == 0 || result == 1);
        woken += result;
        note('0' + (int)result);
    }
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    woken += wake(&word, INT_MAX);
    for (int i = 0; i < 5; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    unsigned refused = 0;
    for (int i = 0; i < 5; i++)
        refused += noted('A' + i);
    CHECK(woken + refused == 5 && done == 5);
    show_seen();
}
