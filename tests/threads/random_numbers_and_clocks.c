// What threads draw and which time it is go to whoever asks first.
#include "seen.h"
#include <sys/random.h>
#include <time.h>

static uint64_t random_value[4][10];
static long last_ns;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *argument) {
    for (int i = 0; i < 10; i++) {
        struct timespec now;
        CHECK(getrandom(&random_value[number(argument)][i], 8, 0) == 8);
        CHECK(pthread_mutex_lock(&mutex) == 0);
        CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
        long now_ns = now.tv_sec * 1000000000 + now.tv_nsec;
        CHECK(now_ns >= last_ns);
        last_ns = now_ns;
        CHECK(pthread_mutex_unlock(&mutex) == 0);
        note('a' + number(argument));
        note('A' + (int)(now_ns / 1000 % 26));
    }
    return NULL;
}

int main(void) {
    uint64_t mixed = 0;
    run_threads(4, work);
    for (int i = 0; i < 40; i++)
        mixed = mixed * 31 + random_value[i / 10][i % 10];
    CHECK(mixed != 0);
    show_seen();
    printf("%016llx\n", (unsigned long long)mixed);
}
