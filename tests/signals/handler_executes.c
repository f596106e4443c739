// A handler executes another program; the signal stays blocked there, since it never returned.
#include "signals.h"

static void handle(int number) {
    (void)number;
    execl("/proc/self/exe", "again", "again", (char *)NULL);
    _exit(9);
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 2) {
        sigset_t now;
        CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGALRM));
        puts("ok");
        return 0;
    }
    on(SIGALRM, handle, 0);
    alarm_us(3000, 0);
    for (volatile uint64_t work = 0;; work++)
        ;
}
