// exit by any thread ends all of them, and its code is the process's.
#include "check.h"
#include <pthread.h>

static void *work(void *argument) { exit(*(int *)argument); }

static void *wait_forever(void *argument) {
    for (;;)
        pause();
    return argument;
}

int main(void) {
    for (int code = 17; code <= 19; code++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_t one, two;
            CHECK(pthread_create(&one, NULL, wait_forever, NULL) == 0);
            CHECK(pthread_create(&two, NULL, work, &code) == 0);
            pthread_join(one, NULL);
            _exit(1);
        }
        printf("%d\n", exit_code(child));
    }
}
