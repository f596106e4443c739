// siglongjmp out of a SIGSEGV handler restores the mask, ten times in a row.
#include "check.h"
#include <setjmp.h>

static sigjmp_buf escape;

static void handle(int number) { siglongjmp(escape, number); }

int main(void) {
    CHECK(signal(SIGSEGV, handle) != SIG_ERR);
    volatile int faults = 0;
    for (volatile int i = 0; i < 10; i++) {
        if (sigsetjmp(escape, 1) == 0)
            *(volatile int *volatile)(uintptr_t)32 = i;
        else
            faults++;
    }
    sigset_t now;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && !sigismember(&now, SIGSEGV));
    printf("%d faults\n", faults);
}
