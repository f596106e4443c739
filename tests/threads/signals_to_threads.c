// pthread_kill runs the handler in the thread that it names, wherever that is.
#include "seen.h"
#include <sched.h>
#include <signal.h>

enum { THREADS = 4, SIGNALS = 10 };
static pthread_t threads[THREADS];
static int ready, handled[THREADS], stop;
static __thread int self = -1;

static void handle(int signal_number) {
    CHECK(signal_number == SIGUSR1 && self >= 0);
    note('a' + self);
    __atomic_add_fetch(&handled[self], 1, __ATOMIC_SEQ_CST);
}

static void *work(void *argument) {
    self = number(argument);
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        if (self % 2)
            usleep(500);
        else
            sched_yield();
    }
    return NULL;
}

int main(void) {
    signal(SIGUSR1, handle);
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS)
        usleep(100);
    for (int i = 1; i <= SIGNALS; i++)
        for (int thread = 0; thread < THREADS; thread++) {
            CHECK(pthread_kill(threads[thread], SIGUSR1) == 0);
            while (__atomic_load_n(&handled[thread], __ATOMIC_SEQ_CST) < i)
                usleep(100);
        }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0 && handled[i] == SIGNALS);
    show_seen();
}
