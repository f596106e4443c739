// pthread_once and the first use of a thread-safe static: one thread initialises, the others wait.
#include "seen.h"

static pthread_once_t controls[10] = {[0 ... 9] = PTHREAD_ONCE_INIT};
static __thread int self;
static int round_number, counts[10], initialisers[10];
static pthread_barrier_t barrier;

static void initialise(void) {
    note('A' + self);
    if (round_number % 3 == 0)
        usleep(200);
    initialisers[round_number] = self;
    counts[round_number]++;
}

static void *work(void *argument) {
    self = number(argument);
    for (int i = 0; i < 10; i++) {
        CHECK(pthread_once(&controls[i], initialise) == 0);
        CHECK(counts[i] == 1);
        note('a' + self);
        if (pthread_barrier_wait(&barrier))
            round_number = i + 1;
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

int main(void) {
    CHECK(pthread_barrier_init(&barrier, NULL, 5) == 0);
    run_threads(5, work);
    show_seen();
    for (int i = 0; i < 10; i++)
        printf("%d", initialisers[i]);
    printf("\n");
}
