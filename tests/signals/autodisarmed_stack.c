// SS_AUTODISARM takes the alternate stack away while a handler runs on it, and gives it back.
#include "signals.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static void handle(int number) {
    stack_t now;
    (void)number;
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_flags == SS_DISABLE);
    counted++;
}

int main(void) {
    static char stack[65536];
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = (int)SS_AUTODISARM}, now;
    CHECK(sigaltstack(&own, NULL) == 0);
    on(SIGUSR1, handle, SA_ONSTACK);
    for (int i = 1; i <= 3; i++) {
        CHECK(raise(SIGUSR1) == 0 && counted == i);
        CHECK(sigaltstack(NULL, &now) == 0 && now.ss_sp == stack);
    }
    puts("ok");
}
