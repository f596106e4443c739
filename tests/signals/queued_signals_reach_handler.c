// A computing child's handler sees three hundred queued signals, none lost, in the order sent.
#include "signals.h"

static volatile sig_atomic_t next;

static void handle(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    CHECK(info->si_value.sival_int == next);
    next++;
}

int main(void) {
    on_info(SIGRTMIN + 1, handle, 0);
    pid_t child = fork();
    if (child == 0) {
        volatile uint64_t work = 0;
        while (next < 300)
            work++;
        _exit(7);
    }
    for (int i = 0; i < 300; i++)
        CHECK(sigqueue(child, SIGRTMIN + 1, (union sigval){.sival_int = i}) == 0);
    printf("%d\n", exit_code(child));
}
