// While a handler runs, its signal and those of sa_mask wait; they come when it has returned.
#include "signals.h"

static char order[32];

static void handle(int number) {
    strcat(order, number == SIGUSR1 ? "(" : "[");
    if (number == SIGUSR1 && strlen(order) < 2)
        CHECK(raise(SIGUSR1) == 0 && raise(SIGUSR2) == 0 && raise(SIGTERM) == 0);
    strcat(order, number == SIGUSR1 ? ")" : "]");
}

int main(void) {
    struct sigaction action = {.sa_handler = handle};
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    on(SIGUSR2, handle, 0);
    on(SIGTERM, handle, 0);
    CHECK(raise(SIGUSR1) == 0);
    puts(order);
}
