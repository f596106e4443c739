// With SA_ONSTACK a handler runs on the alternate stack, and sigaltstack knows it.
#include "check.h"

static char *stack;
static size_t size;

static void handle(int number) {
    (void)number;
    char here;
    uintptr_t at = (uintptr_t)&here, base = (uintptr_t)stack;
    stack_t now;
    CHECK(at > base && at < base + size);
    CHECK(sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_ONSTACK));
    stack_t other = {.ss_sp = stack, .ss_size = size};
    CHECK_FAILS(sigaltstack(&other, NULL), EPERM);
}

int main(void) {
    size = (size_t)sysconf(_SC_SIGSTKSZ) + 16384;
    CHECK((stack = malloc(size)));
    stack_t wanted = {.ss_sp = stack, .ss_size = size}, now;
    CHECK(sigaltstack(&wanted, NULL) == 0 && sigaltstack(NULL, &now) == 0);
    CHECK(now.ss_sp == stack && now.ss_size == size && now.ss_flags == 0);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    wanted = (stack_t){.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&wanted, NULL) == 0);
    wanted = (stack_t){.ss_sp = stack, .ss_size = 100};
    CHECK_FAILS(sigaltstack(&wanted, NULL), ENOMEM);
    free(stack);
    puts("ok");
}
