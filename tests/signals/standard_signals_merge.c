// A standard signal that is pending already is not queued again; a real-time one is.
#include "signals.h"

int main(void) {
    on(SIGUSR1, count, 0);
    on(SIGRTMIN, count, 0);
    block(SIGUSR1);
    block(SIGRTMIN);
    for (int i = 0; i < 5; i++)
        CHECK(kill(getpid(), SIGUSR1) == 0 && kill(getpid(), SIGRTMIN) == 0);
    unblock(SIGUSR1);
    int once = counted;
    unblock(SIGRTMIN);
    printf("%d %d\n", once, (int)counted - once);
}
