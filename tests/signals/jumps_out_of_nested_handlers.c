// siglongjmp out of two handlers at once restores mask and stack, a hundred times.
#include "signals.h"
#include <setjmp.h>

static sigjmp_buf back;

static void inner(int number) {
    siglongjmp(back, number);
}

static void outer(int number) {
    (void)number;
    raise(SIGUSR2);
}

int main(void) {
    on(SIGUSR1, outer, SA_NODEFER);
    on(SIGUSR2, inner, 0);
    for (volatile int i = 0; i < 100; i++) {
        int number = sigsetjmp(back, 1);
        if (number == 0)
            raise(SIGUSR1);
        CHECK(number == SIGUSR2);
    }
    puts("ok");
}
