// A semaphore lets as many in as it counts.
#include "seen.h"
#include <semaphore.h>

static sem_t semaphore;
static int inside, most, refused;

static void *work(void *argument) {
    for (int i = 0; i < 50; i++) {
        if (i % 7 == 3 && sem_trywait(&semaphore) != 0) {
            CHECK(errno == EAGAIN);
            __atomic_add_fetch(&refused, 1, __ATOMIC_SEQ_CST);
            continue;
        } else if (i % 7 != 3)
            CHECK(sem_wait(&semaphore) == 0);
        int now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        CHECK(now <= 3);
        if (now > __atomic_load_n(&most, __ATOMIC_SEQ_CST))
            __atomic_store_n(&most, now, __ATOMIC_SEQ_CST);
        note('a' + number(argument));
        if (i % 10 == 0)
            usleep(50);
        __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        CHECK(sem_post(&semaphore) == 0);
    }
    return NULL;
}

int main(void) {
    int value;
    CHECK(sem_init(&semaphore, 0, 3) == 0);
    run_threads(6, work);
    CHECK(sem_getvalue(&semaphore, &value) == 0 && value == 3 && most >= 1);
    CHECK(seen_count + refused == 300);
    show_seen();
    printf("refused: %d\n", refused);
}
