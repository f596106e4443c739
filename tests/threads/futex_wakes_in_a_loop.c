// One thread wakes and wakes, and makes no other call; what each wake returns shows when others came to wait.
#include "futex.h"

enum { WAKES = 100000, WAITS = 20 };

static unsigned word;
static unsigned found;

static void *wait_often(void *argument) {
    for (int i = 0; i < WAITS; i++)
        CHECK(wait_while(&word, 0) == 0 || errno == EAGAIN);
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    note('w');
    return argument;
}

int main(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_often, NULL) == 0);
    for (unsigned i = 1; i <= WAKES || !__atomic_load_n(&word, __ATOMIC_SEQ_CST); i++)
        if (wake(&word, 1) == 1)
            found = found * 31 + i;
    CHECK(pthread_join(thread, NULL) == 0);
    printf("%u\n", found);
    show_seen();
}
