// Twenty threads, one after the other, each with its own number and stack.
#include "check.h"
#include <pthread.h>

static pid_t numbers[20];

static void *work(void *argument) {
    int which = *(int *)argument;
    numbers[which] = gettid();
    *(int *)argument = which * which;
    return NULL;
}

int main(void) {
    int sum = 0;
    for (int i = 0; i < 20; i++) {
        int value = i;
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, &value) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(numbers[i] > 0 && numbers[i] != getpid());
        sum += value;
    }
    printf("%d\n", sum);
}
