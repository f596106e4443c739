// Four threads make thousands of system calls side by side without disturbing one another.
#include "check.h"
#include <pthread.h>

static void *work(void *argument) {
    int ends[2];
    uint32_t number = *(uint32_t *)argument, back;
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 1000; i++) {
        number = number * 1664525 + 1013904223;
        CHECK(write(ends[1], &number, sizeof number) == sizeof number);
        CHECK(read(ends[0], &back, sizeof back) == sizeof back && back == number);
    }
    *(uint32_t *)argument = number;
    return NULL;
}

int main(void) {
    pthread_t threads[4];
    uint32_t values[4] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &values[i]) == 0);
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        printf("%u\n", values[i]);
    }
}
