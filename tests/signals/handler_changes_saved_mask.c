// The mask in a handler's context is the one after its return: the handler may change it.
#include "signals.h"
#include <ucontext.h>

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    ucontext_t *state = context;
    sigaddset(&state->uc_sigmask, SIGUSR2);
    sigdelset(&state->uc_sigmask, SIGTERM);
}

int main(void) {
    on_info(SIGUSR1, handle, 0);
    on(SIGTERM, count, 0);
    block(SIGTERM);
    CHECK(raise(SIGTERM) == 0 && !counted && raise(SIGUSR1) == 0 && counted == 1);
    sigset_t now;
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGUSR2) && !sigismember(&now, SIGTERM) && !sigismember(&now, SIGUSR1));
    puts("ok");
}
