// A SIGILL handler that moves the instruction pointer skips the instruction.
#include "signals.h"
#include <ucontext.h>

static void handle(int number, siginfo_t *info, void *context) {
    (void)number;
    ucontext_t *state = context;
    CHECK((uintptr_t)info->si_addr == (uintptr_t)state->uc_mcontext.gregs[REG_RIP]);
    state->uc_mcontext.gregs[REG_RIP] += 2;
    state->uc_mcontext.gregs[REG_RBX] += 5;
    counted++;
}

int main(void) {
    on_info(SIGILL, handle, 0);
    uint64_t value = 100;
    for (int i = 0; i < 20; i++)
        __asm__ volatile("ud2" : "+b"(value));
    printf("%d %d\n", (int)counted, (int)value);
}
