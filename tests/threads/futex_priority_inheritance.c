// FUTEX_LOCK_PI and its relatives: the word holds the owner's thread id.
#include "futex.h"

static unsigned word, ready;
static int inside;

static unsigned self(void) { return (unsigned)syscall(SYS_gettid); }

static void *work(void *argument) {
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 20; i++) {
        unsigned nobody = 0;
        int easily = __atomic_compare_exchange_n(&word, &nobody, self(), 0, __ATOMIC_SEQ_CST,
                                                 __ATOMIC_SEQ_CST);
        if (!easily)
            CHECK(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
        CHECK((word & FUTEX_TID_MASK) == self() && inside++ == 0);
        note((easily ? 'a' : 'A') + number(argument));
        if (i == 10)
            usleep(100);
        CHECK(--inside == 0);
        unsigned mine = self();
        if (!__atomic_compare_exchange_n(&word, &mine, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            CHECK(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    }
    return NULL;
}

static void *refuse(void *argument) {
    struct timespec soon;
    CHECK(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EAGAIN);
    CHECK(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EPERM);
    CHECK(clock_gettime(CLOCK_REALTIME, &soon) == 0);
    soon.tv_nsec += 3000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    CHECK(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, &soon, NULL, 0) == -1 && errno == ETIMEDOUT);
    return argument;
}

int main(void) {
    run_threads(4, work);
    CHECK(word == 0 && inside == 0);
    CHECK(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    CHECK(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EDEADLK);
    run_threads(1, refuse);
    CHECK(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    CHECK(word == 0);
    show_seen();
}
