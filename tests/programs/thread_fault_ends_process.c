// A fault in one thread ends the process by its signal.
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>

static void *work(void *argument) {
    *(volatile int *volatile)(uintptr_t)64 = 1;
    return argument;
}

int main(void) {
    CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
        pthread_join(thread, NULL);
        _exit(1);
    }
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    puts("ok");
}
