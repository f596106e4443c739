// Signals of faults that somebody sends are like any other; int3 traps.
#include "signals.h"

static volatile int last, code;

static void note(int number, siginfo_t *info, void *context) {
    (void)context;
    last = number;
    code = info->si_code;
}

int main(void) {
    const int all[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    for (int i = 0; i < 6; i++) {
        on_info(all[i], note, 0);
        CHECK(kill(getpid(), all[i]) == 0 && last == all[i] && code == SI_USER);
        CHECK(raise(all[i]) == 0 && last == all[i] && code == SI_TKILL);
        last = 0;
        block(all[i]);
        CHECK(kill(getpid(), all[i]) == 0 && last == 0);
        unblock(all[i]);
        CHECK(last == all[i]);
        pid_t child = fork();
        if (child == 0) {
            on(all[i], SIG_DFL, 0);
            if (i % 2)
                kill(getppid(), 0);
            kill(getpid(), all[i]);
            for (;;)
                pause();
        }
        CHECK(ended_by(child) == all[i]);
        child = fork();
        if (child == 0) {
            on(all[i], SIG_IGN, 0);
            kill(getpid(), all[i]);
            _exit(4);
        }
        CHECK(WEXITSTATUS(wait_status(child)) == 4);
    }
    for (int i = 0; i < 20; i++) {
        last = 0;
        __asm__ volatile("int3");
        CHECK(last == SIGTRAP && code == SI_KERNEL);
    }
    puts("ok");
}
