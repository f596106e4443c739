// Signals that come while a process or a thread ends change nothing: its status is its own.
#include "signals.h"
#include <pthread.h>

static void *end(void *unused) {
    return unused;
}

int main(void) {
    on(SIGALRM, count, SA_RESTART);
    on(SIGUSR1, count, SA_RESTART);
    for (int i = 0; i < 25; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm_us(300, 300);
            for (volatile int turn = 0; turn < i * 20000; turn++)
                continue;
            _exit(i);
        }
        kill(child, SIGUSR1);
        CHECK(WEXITSTATUS(wait_status(child)) == i);
    }
    for (int i = 0; i < 25; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, end, NULL) == 0);
        int failed = pthread_kill(thread, SIGUSR1);
        CHECK(failed == 0 || failed == ESRCH);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    puts("ok");
}
