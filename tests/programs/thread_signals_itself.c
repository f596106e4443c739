// pthread_kill and raise reach the calling thread and no other; masks are per thread.
#include "check.h"
#include <pthread.h>

static __thread volatile sig_atomic_t count;

static void handle(int number) {
    (void)number;
    count++;
}

static void *work(void *argument) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0 && count == 1);
    CHECK(raise(SIGUSR1) == 0 && count == 2);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 && raise(SIGUSR1) == 0 && count == 2);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0 && count == 3);
    return argument;
}

int main(void) {
    CHECK(signal(SIGUSR1, handle) != SIG_ERR);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(count == 0 && pthread_kill(pthread_self(), SIGUSR1) == 0 && count == 1);
    CHECK(pthread_kill(pthread_self(), 999) == EINVAL);
    puts("ok");
}
