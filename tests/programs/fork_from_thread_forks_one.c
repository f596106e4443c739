// A child forked by a thread has only that thread and its copy of memory.
#include "check.h"
#include <pthread.h>

static int value = 5;

static void *work(void *argument) {
    pid_t child = fork();
    if (child == 0) {
        value += 2;
        CHECK(gettid() == getpid() && *(int *)argument == 9);
        _exit(value);
    }
    return (void *)(intptr_t)exit_code(child);
}

int main(void) {
    int nine = 9;
    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, work, &nine) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    printf("%d %d\n", (int)(intptr_t)result, value);
}
