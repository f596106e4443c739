// A handler leaves an endless computation by siglongjmp.
#include "check.h"
#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf escape;

static void handle(int number) {
    (void)number;
    siglongjmp(escape, 5);
}

int main(void) {
    CHECK(signal(SIGALRM, handle) != SIG_ERR);
    struct itimerval once = {{0, 0}, {0, 15000}};
    volatile uint64_t work = 0;
    int code = sigsetjmp(escape, 1);
    if (code == 0) {
        CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
        for (;;)
            work = work + 1;
    }
    sigset_t now;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && !sigismember(&now, SIGALRM));
    printf("%d\n", code);
}
