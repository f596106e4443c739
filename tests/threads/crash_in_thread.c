// A thread that crashes ends the process of all threads; a thread's handler can also leave by longjmp.
#include "seen.h"
#include <setjmp.h>
#include <signal.h>

static __thread sigjmp_buf place;

static void handle(int signal_number) { siglongjmp(place, signal_number); }

static void *work(void *argument) {
    for (int i = 0; i < 5; i++) {
        int signal_number = sigsetjmp(place, 1);
        if (!signal_number) {
            *(volatile int *)(intptr_t)(16 * number(argument)) = 1;
            CHECK(!"reached");
        }
        CHECK(signal_number == SIGSEGV);
        note('a' + number(argument));
    }
    return NULL;
}

static __attribute__((noreturn)) void *crash(void *argument) {
    if (number(argument) == 2) {
        usleep(300);
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)8 = 1;
    }
    for (;;)
        usleep(100);
}

int main(void) {
    signal(SIGSEGV, handle);
    run_threads(3, work);
    show_seen();
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (!child)
        run_threads(4, crash);
    int status = wait_status(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
