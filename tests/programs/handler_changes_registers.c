// A handler that changes the saved instruction pointer and a register changes what goes on.
#include "check.h"
#include <ucontext.h>

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    ucontext_t *saved = context;
    saved->uc_mcontext.gregs[REG_RIP] += 2; // over ud2
    saved->uc_mcontext.gregs[REG_RBX] *= 2;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGILL, &action, NULL) == 0);
    long value = 21;
    __asm__ volatile("ud2" : "+b"(value) : : "memory");
    printf("%ld\n", value);
}
