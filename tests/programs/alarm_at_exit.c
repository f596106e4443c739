// A signal with a handler that comes while a process ends changes nothing about its end.
#include "check.h"
#include <sys/time.h>

static void handle(int number) { (void)number; }

int main(void) {
    CHECK(signal(SIGALRM, handle) != SIG_ERR);
    for (int i = 0; i < 40; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (!child) {
            struct itimerval soon = {{0, 0}, {0, 20 + 10 * i}};
            CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
            _exit(7);
        }
        CHECK(exit_code(child) == 7);
    }
    puts("ok");
}
