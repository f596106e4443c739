// Nobody passes a barrier before everybody has come; one of them is told that it is the last.
#include "seen.h"

enum { THREADS = 5, PHASES = 25 };
static pthread_barrier_t barrier;
static int arrived, serial;

static void *work(void *argument) {
    for (int phase = 1; phase <= PHASES; phase++) {
        note('a' + number(argument));
        __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
        int result = pthread_barrier_wait(&barrier);
        CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
        if (result == PTHREAD_BARRIER_SERIAL_THREAD) {
            note('A' + number(argument));
            __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
        }
        CHECK(__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) >= phase * THREADS);
        result = pthread_barrier_wait(&barrier);
        CHECK(result == 0 || result == PTHREAD_BARRIER_SERIAL_THREAD);
    }
    return NULL;
}

int main(void) {
    CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
    run_threads(THREADS, work);
    CHECK(pthread_barrier_destroy(&barrier) == 0);
    CHECK(arrived == THREADS * PHASES && serial == PHASES);
    show_seen();
}
