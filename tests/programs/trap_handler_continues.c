// A handler of int3 sees the instruction after it and the program goes on there.
#include "check.h"
#include <ucontext.h>

static volatile sig_atomic_t count;

static void handle(int number, siginfo_t *info, void *context) {
    const ucontext_t *saved = context;
    CHECK(number == SIGTRAP && info->si_code == SI_KERNEL);
    const unsigned char *next = (const unsigned char *)saved->uc_mcontext.gregs[REG_RIP];
    CHECK(next[-1] == 0xcc);
    count++;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    for (int i = 0; i < 3; i++)
        __asm__ volatile("int3" : : : "memory");
    printf("%d\n", (int)count);
}
