// SA_RESETHAND: the second signal finds the default action, which for SIGTERM is to end.
#include "signals.h"

int main(void) {
    pid_t child = fork();
    if (child == 0) {
        on(SIGTERM, count, (int)SA_RESETHAND);
        CHECK(kill(getpid(), SIGTERM) == 0 && counted == 1);
        struct sigaction now;
        CHECK(sigaction(SIGTERM, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
        on(SIGALRM, count, (int)SA_RESETHAND);
        alarm_us(3000, 0);
        while (counted < 2)
            ;
        CHECK(kill(getpid(), SIGTERM) == 0);
        _exit(1);
    }
    printf("%d\n", ended_by(child));
}
