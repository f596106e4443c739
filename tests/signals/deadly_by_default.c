// Every other signal ends a process that does not handle it, and wait tells which one.
#include "signals.h"

int main(void) {
    int numbers[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,   SIGFPE,
                     SIGKILL, SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,  SIGXCPU,
                     SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  SIGRTMIN, SIGRTMAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        CHECK(kill(child, numbers[i]) == 0);
        printf("%d ", ended_by(child));
    }
    puts("");
}
