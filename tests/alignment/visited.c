// Prints where a function is and where it counts its calls, then calls it for ever.
#include <stdint.h>
#include <stdio.h>

static volatile uint64_t visits;

static __attribute__((noinline)) void visit(void) {
    visits++;
}

int main(void) {
    printf("%lx %lx\n", (unsigned long)(uintptr_t)visit, (unsigned long)(uintptr_t)&visits);
    fflush(stdout);
    for (;;)
        visit();
}
