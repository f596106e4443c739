// pthread_spin_lock keeps threads apart, also where the owner sleeps while others spin.
#include "seen.h"

static pthread_spinlock_t lock;
static int inside, refused;

static void *work(void *argument) {
    for (int i = 0; i < 50; i++) {
        if (i % 5 == 4 && pthread_spin_trylock(&lock) != 0) {
            __atomic_add_fetch(&refused, 1, __ATOMIC_SEQ_CST);
            continue;
        } else if (i % 5 != 4)
            CHECK(pthread_spin_lock(&lock) == 0);
        CHECK(inside++ == 0);
        note('a' + number(argument));
        if (i == 25 && number(argument) == 1)
            usleep(200);
        CHECK(--inside == 0);
        CHECK(pthread_spin_unlock(&lock) == 0);
    }
    return NULL;
}

int main(void) {
    CHECK(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE) == 0);
    run_threads(3, work);
    CHECK(seen_count + refused == 150);
    show_seen();
    printf("refused: %d\n", refused);
}
