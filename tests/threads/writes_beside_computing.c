// A thread writes little, often, beside one that computes: it does not wait for its turn each time.
#include "seen.h"

enum { WRITES = 1000 };

static volatile bool done;
static int ends[2];

static void *compute(void *argument) {
    uint64_t value = number(argument);
    while (!done)
        value = scrambled(value);
    return (void *)value;
}

static void *read_all(void *argument) {
    char bytes[4096];
    ssize_t count, sum = 0;
    while ((count = read(ends[0], bytes, sizeof bytes)) > 0)
        sum += count;
    CHECK(sum == 8 * WRITES);
    return argument;
}

int main(void) {
    pthread_t threads[2];
    CHECK(pipe(ends) == 0);
    CHECK(pthread_create(&threads[0], NULL, compute, NULL) == 0);
    CHECK(pthread_create(&threads[1], NULL, read_all, NULL) == 0);
    for (int i = 0; i < WRITES; i++)
        CHECK(write(ends[1], "a line.\n", 8) == 8);
    done = true;
    CHECK(close(ends[1]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    puts("ok");
}
