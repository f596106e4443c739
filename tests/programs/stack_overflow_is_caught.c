// A stack overflow raises SIGSEGV, which a handler on the alternate stack survives.
#include "check.h"
#include <setjmp.h>
#include <sys/resource.h>

static sigjmp_buf escape;

static void handle(int number) {
    (void)number;
    siglongjmp(escape, 1);
}

static int descend(int depth) {
    volatile char frame[4096];
    frame[0] = (char)depth;
    return depth > 10000000 ? depth : descend(depth + 1) + frame[0];
}

int main(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
    stack_t stack = {.ss_size = 65536, .ss_sp = malloc(65536)};
    CHECK(stack.ss_sp && sigaltstack(&stack, NULL) == 0);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    volatile int rounds = 0;
    while (rounds < 2)
        if (sigsetjmp(escape, 1) == 0)
            CHECK(descend(0) == -1);
        else
            rounds++;
    printf("%d overflows\n", rounds);
}
