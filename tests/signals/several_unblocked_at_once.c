// Signals that become unblocked together nest in the kernel's order.
#include "signals.h"

static char order[64];

static void handle(int number) {
    char word[8];
    snprintf(word, sizeof word, "%d ", number);
    strcat(order, word);
}

int main(void) {
    int numbers[] = {SIGTERM, SIGUSR2, SIGRTMIN + 5, SIGHUP, SIGRTMIN + 5, SIGUSR1};
    sigset_t all, former;
    sigfillset(&all);
    for (int i = 0; i < 6; i++)
        on(numbers[i], handle, 0);
    CHECK(sigprocmask(SIG_BLOCK, &all, &former) == 0);
    for (int i = 0; i < 6; i++)
        CHECK(raise(numbers[i]) == 0);
    CHECK(sigprocmask(SIG_SETMASK, &former, NULL) == 0);
    puts(order);
}
