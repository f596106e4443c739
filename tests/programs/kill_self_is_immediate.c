// A signal a process sends to itself is handled before kill returns.
#include "check.h"

static volatile sig_atomic_t count;

static void handle(int number) { count += number == SIGUSR1 ? 1 : 100; }

int main(void) {
    signal(SIGUSR1, handle);
    signal(SIGUSR2, handle);
    for (int i = 1; i <= 50; i++)
        CHECK(kill(getpid(), SIGUSR1) == 0 && count == i);
    CHECK(kill(0, 0) == 0); // its group exists
    CHECK(raise(SIGUSR2) == 0);
    signal(SIGUSR1, SIG_IGN);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    printf("%d\n", (int)count);
}
