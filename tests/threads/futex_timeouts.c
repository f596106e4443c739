// Waits end after their time, by either clock; whether a late wake is in time is open.
#include "futex.h"

static unsigned word;
static int woken, late;

static struct timespec after(clockid_t clock, long nanoseconds) {
    struct timespec time = {0, 0};
    if (clock >= 0)
        CHECK(clock_gettime(clock, &time) == 0);
    time.tv_nsec += nanoseconds;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void *work(void *argument) {
    for (int i = 0; i < 10; i++) {
        struct timespec time;
        long result;
        switch ((i + number(argument)) % 3) {
        case 0:
            time = after(-1, 1000000);
            result = futex(&word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
            break;
        case 1:
            time = after(CLOCK_MONOTONIC, 1000000);
            result = futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &time, NULL, ~0U);
            break;
        default:
            time = after(CLOCK_REALTIME, 1000000);
            result = futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &time, NULL,
                           ~0U);
        }
        CHECK(result == 0 || errno == ETIMEDOUT);
        note((result ? 'a' : 'A') + number(argument));
        __atomic_add_fetch(result ? &late : &woken, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    struct timespec bad = {0, 1000000000}, past = {0, 1};
    CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 0, &bad, NULL, 0) == -1 && errno == EINVAL);
    CHECK(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &past, NULL, ~0U) == -1);
    CHECK(errno == ETIMEDOUT);
    pthread_t threads[3];
    for (intptr_t i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    long wakes = 0;
    for (int i = 0; i < 10; i++) {
        wakes += wake(&word, 1);
        usleep(900);
    }
    for (int i = 0; i < 3; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(wakes == woken && woken + late == 30);
    show_seen();
}
