// With SA_NODEFER a handler is interrupted by its own signal; without it the signal waits.
#include "check.h"

static volatile sig_atomic_t depth, deepest, calls;

static void handle(int number) {
    depth++;
    calls++;
    if (depth > deepest)
        deepest = depth;
    if (calls < 4)
        raise(number);
    depth--;
}

int main(void) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_NODEFER};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    printf("%d calls, %d deep\n", (int)calls, (int)deepest);
    calls = deepest = 0;
    action.sa_flags = 0;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
    printf("%d calls, %d deep\n", (int)calls, (int)deepest);
}
