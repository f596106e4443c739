// Threads count with atomic additions and with compare-and-exchange; each sees the counter grow.
#include "seen.h"

static int null;
static unsigned added, exchanged, final_value[6];

static void *work(void *argument) {
    unsigned last = 0, last_exchanged = 0;
    for (int i = 0; i < 1000; i++) {
        unsigned now = __atomic_add_fetch(&added, 1, __ATOMIC_SEQ_CST);
        CHECK(now > last);
        last = now;
        unsigned old = __atomic_load_n(&exchanged, __ATOMIC_SEQ_CST);
        while (!__atomic_compare_exchange_n(&exchanged, &old, old + 1, 0, __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST))
            ;
        CHECK(old + 1 > last_exchanged);
        last_exchanged = old + 1;
        if (i % 100 == 0) {
            note('a' + number(argument));
            CHECK(write(null, &now, sizeof now) == sizeof now); // the value becomes visible
        }
    }
    final_value[number(argument)] = last;
    return NULL;
}

int main(void) {
    CHECK((null = open("/dev/null", O_WRONLY)) >= 0);
    run_threads(6, work);
    CHECK(added == 6000 && exchanged == 6000);
    show_seen();
    for (int i = 0; i < 6; i++)
        printf("%u\n", final_value[i]);
}
